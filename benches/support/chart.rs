//! The curves as a picture, in SVG.
//!
//! One panel for each curve, two lines in each: CPU a million records, and peak memory, each as a part of its greatest
//! value. A line that stays level is a cost that does not grow.

use std::fmt::Write as _;

use super::table::Number;

const PANEL: (f64, f64) = (300.0, 170.0);
const MARGIN: (f64, f64) = (20.0, 34.0);
const BETWEEN_LABELS: f64 = 25.0;
const CPU: &str = "#c2410c";
const MEMORY: &str = "#1d4ed8";

/// How places on the horizontal axis follow from what they stand for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Axis {
    /// Even distances between even steps.
    Even,
    /// Even distances between multiples.
    Multiples,
}

/// A curve that was measured.
#[derive(Debug)]
pub(crate) struct Panel {
    /// What grows.
    pub(crate) title: &'static str,
    /// How its values are placed.
    pub(crate) axis: Axis,
    /// For each value CPU seconds a million records, and peak MiB.
    pub(crate) points: Vec<(u64, f64, f64)>,
}

/// The picture, two panels in a row.
pub(crate) fn draw(panels: &[Panel]) -> String {
    let rows = panels.len().div_ceil(2);
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {:.0} {:.0}" font-family="sans-serif" font-size="11">"#,
        2.0 * PANEL.0,
        rows as f64 * PANEL.1
    );
    svg.push_str("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
    for (place, panel) in panels.iter().enumerate() {
        // Writing to a string cannot fail.
        let _infallible = writeln!(
            svg,
            r#"<g transform="translate({:.0} {:.0})">"#,
            (place % 2) as f64 * PANEL.0,
            (place / 2) as f64 * PANEL.1
        );
        draw_panel(panel, &mut svg);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw_panel(panel: &Panel, svg: &mut String) {
    let (Some(first), Some(last)) = (panel.points.first(), panel.points.last()) else { return };
    let scale = |value: u64| match panel.axis {
        Axis::Even => value as f64,
        Axis::Multiples => (value.max(1) as f64).ln(),
    };
    let width = (scale(last.0) - scale(first.0)).max(f64::MIN_POSITIVE);
    let across = |value| MARGIN.0 + (PANEL.0 - 2.0 * MARGIN.0) * (scale(value) - scale(first.0)) / width;
    let most = |field: fn(&(u64, f64, f64)) -> f64| panel.points.iter().map(field).fold(0.0, f64::max);
    let (most_cpu, most_memory) = (most(|point| point.1), most(|point| point.2));
    let up = |part: f64| PANEL.1 - MARGIN.1 - (PANEL.1 - 2.0 * MARGIN.1) * part;
    let mut text = |x: f64, y: f64, anchor: &str, color: &str, words: &str| {
        let _infallible = writeln!(
            svg,
            r#"<text x="{x:.0}" y="{y:.0}" text-anchor="{anchor}" fill="{color}">{words}</text>"#
        );
    };
    text(MARGIN.0, 14.0, "start", "#000", panel.title);
    text(MARGIN.0, 28.0, "start", CPU, &format!("CPU, most {most_cpu:.1} s a million"));
    text(PANEL.0 - MARGIN.0, 14.0, "end", MEMORY, &format!("memory, most {most_memory:.0} MiB"));
    let mut labelled = f64::NEG_INFINITY;
    for (place, point) in panel.points.iter().enumerate() {
        let anchor = match place {
            0 => "start",
            place if place + 1 == panel.points.len() => "end",
            _ => "middle",
        };
        // Values that are close together would stand on each other.
        if across(point.0) - labelled >= BETWEEN_LABELS {
            labelled = across(point.0);
            text(labelled, PANEL.1 - 18.0, anchor, "#555", &Number(point.0 as f64, 0).to_string());
        }
    }
    let base = up(0.0);
    let _infallible =
        writeln!(svg, r##"<path d="M{:.0} {base:.0}H{:.0}" stroke="#aaa"/>"##, MARGIN.0, PANEL.0 - MARGIN.0);
    for (color, most, field) in [
        (CPU, most_cpu, (|point| point.1) as fn(&(u64, f64, f64)) -> f64),
        (MEMORY, most_memory, |point| point.2),
    ] {
        let places: Vec<String> = panel
            .points
            .iter()
            .map(|point| {
                format!("{:.1},{:.1}", across(point.0), up(field(point) / most.max(f64::MIN_POSITIVE)))
            })
            .collect();
        let _infallible = writeln!(
            svg,
            r#"<polyline points="{}" fill="none" stroke="{color}" stroke-width="2"/>"#,
            places.join(" ")
        );
    }
}
