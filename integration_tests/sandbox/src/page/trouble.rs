//! Faults, limits and switches, to be set by hand: forms that call the control over HTTP.

use serde::Serialize;
use serde_json::Value;

use super::Page;
use super::html::{Html, heading, note, table};
use crate::faults::FaultState;
use crate::http::calls;
use crate::limits::RateLimit;
use crate::remote::Control;
use crate::seed::Limits;
use crate::switches::{Readings, switches};

/// What the page shows of the account.
pub(super) struct Settings {
    pub(super) control: Control,
    pub(super) faults: Vec<FaultState>,
    pub(super) limits: Limits,
    pub(super) readings: Readings,
}

/// Builds what the control takes from the forms, and says what it answered.
const SCRIPT: &str = "<script>
const say=text=>{document.getElementById('said').textContent=text};
const send=async(method,path,body)=>{const options=body===undefined?{method}:{method,headers:{'content-type':'application/json'},body:JSON.stringify(body)};
const answer=await fetch(path,options);say(answer.ok?'Done.':(await answer.json()).message)};
const numbers=(form,name)=>({max:+form[name].value,intervalMs:+form[name+'Ms'].value,enforced:+form[name].value>0});
const fault=form=>{const when=form.when.value,effect=form.effect.value,value=+form.value.value;const wanted={};
if(form.endpoint.value)wanted.on={endpoint:form.endpoint.value};if(form.object.value)wanted.object=form.object.value;
if(form.calls.value!=='always')wanted.calls={[form.calls.value]:+form.count.value};if(form.probability.value)wanted.probability=+form.probability.value;
wanted.effect={answer:{answer:{status:value||500,when}},delayMs:{delayMs:value},hang:{hang:when},hold:{hold:when},close:{close:when},truncate:'truncate',emptyResults:'emptyResults'}[effect];return wanted};
const limits=form=>{const wanted={calls:numbers(form,'calls'),search:numbers(form,'search'),daily:+form.daily.value,dailyUsed:+form.dailyUsed.value};
if(!wanted.calls.enforced)wanted.calls.max=1000000;if(!wanted.search.enforced)wanted.search.max=1000000;return wanted};
const readings=form=>Object.fromEntries([...new FormData(form)]);
document.addEventListener('submit',event=>{event.preventDefault();const form=event.target;
({fault:()=>send('POST','/_sandbox/faults',fault(form)),limits:()=>send('PATCH','/_sandbox/limits',limits(form)),switches:()=>send('PATCH','/_sandbox/switches',readings(form))})[form.id]()});
document.addEventListener('click',event=>{const act=event.target.dataset.act;if(act)send(...act.split(' '))});
</script>";

/// `/control`.
pub(super) fn page(settings: &Settings) -> Page {
    let mut page = Page::new("Control", [faults(settings)]);
    page.forms = match settings.control {
        Control::Off => note("The account is only looked at: the sandbox was started without --control."),
        Control::On => forms(settings),
    };
    page
}

/// What a value is called in JSON.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        Ok(value) => value.to_string(),
        Err(_) => String::new(),
    }
}

fn faults(settings: &Settings) -> Html {
    let rows = settings.faults.iter().map(|state| {
        let fault = &state.fault;
        let act = |method: &str, more: &str, name: &str| {
            let act = format!("{method} /_sandbox/faults/{}{more}", state.id.0);
            Html::tag("button", &[("data-act", &act)], [Html::text(name)])
        };
        let mut cells = vec![
            Html::text(state.id.0),
            Html::text(word(&fault.target)),
            Html::text(fault.object.as_deref().unwrap_or_default()),
            Html::text(word(&fault.occurrence)),
            Html::text(fault.probability.map(|probability| probability.to_string()).unwrap_or_default()),
            Html::text(word(&fault.effect)),
            Html::text(state.matched),
            Html::text(state.fired),
            Html::text(state.held),
        ];
        if settings.control == Control::On {
            cells.push(
                [act("DELETE", "", "remove"), act("POST", "/release", "release")].into_iter().collect(),
            );
        }
        cells
    });
    let heads = ["#", "on", "object", "calls", "probability", "effect", "matched", "fired", "held", ""];
    [heading("Faults"), table(&heads, rows)].into_iter().collect()
}

fn forms(settings: &Settings) -> Html {
    let said = Html::tag("p", &[("id", &"said"), ("role", &"status")], []);
    [fault_form(), limit_form(&settings.limits), switch_form(settings.readings), said, Html::literal(SCRIPT)]
        .into_iter()
        .collect()
}

fn form(id: &'static str, title: &str, button: &str, fields: impl IntoIterator<Item = Html>) -> Html {
    let button = Html::tag("button", &[], [Html::text(button)]);
    let parts = std::iter::once(heading(title)).chain(fields).chain([button]);
    Html::tag("form", &[("id", &id)], parts)
}

fn labelled(label: &str, field: Html) -> Html {
    Html::tag("label", &[], [Html::text(label), Html::text(" "), field])
}

fn number(name: &str, label: &str, value: impl std::fmt::Display) -> Html {
    let attributes: &[(&'static str, &dyn std::fmt::Display)] =
        &[("type", &"number"), ("step", &"any"), ("min", &"0"), ("name", &name), ("value", &value)];
    labelled(label, Html::void("input", attributes))
}

/// A choice; the values come with what people read.
fn choice(
    name: &str,
    label: &str,
    chosen: &str,
    options: impl IntoIterator<Item = (String, String)>,
) -> Html {
    let option = |(value, shown): (String, String)| {
        let selected: &[(&'static str, &dyn std::fmt::Display)] = &[("value", &value), ("selected", &"")];
        let attributes = if value == chosen { selected } else { &selected[..1] };
        Html::tag("option", attributes, [Html::text(shown)])
    };
    labelled(label, Html::tag("select", &[("name", &name)], options.into_iter().map(option)))
}

fn same(words: &[&str]) -> Vec<(String, String)> {
    words.iter().map(|word| ((*word).to_owned(), (*word).to_owned())).collect()
}

fn fault_form() -> Html {
    let mut endpoints = vec![(String::new(), "any call".to_owned())];
    for call in calls() {
        let name = word(&call.endpoint);
        if !endpoints.iter().any(|(known, _)| *known == name) {
            endpoints.push((name.clone(), format!("{name}: {} {}", call.method, call.paths[0])));
        }
    }
    let effects = ["answer", "delayMs", "hang", "hold", "close", "truncate", "emptyResults"];
    let object = Html::void("input", &[("name", &"object"), ("placeholder", &"any")]);
    let fields = [
        choice("endpoint", "on", "", endpoints),
        labelled("object type", object),
        choice("calls", "calls", "always", same(&["always", "nth", "first", "every", "from"])),
        number("count", "number", 1),
        number("probability", "probability", ""),
        choice("effect", "effect", "answer", same(&effects)),
        number("value", "status or ms", 503),
        choice("when", "when", "beforeEffect", same(&["beforeEffect", "afterEffect"])),
    ];
    form("fault", "Add a fault", "Add", fields)
}

fn limit_form(limits: &Limits) -> Html {
    let window = |name: &'static str, title: &str, limit: Option<RateLimit>| {
        let limit = limit.unwrap_or(RateLimit::none());
        let millis = limit.interval.as_millis();
        let max = if limit.enforced { limit.max } else { 0 };
        let of = format!("{name}Ms");
        [number(name, &format!("{title} (0: no limit)"), max), number(&of, "in ms", millis)]
    };
    let day = [
        number("daily", "calls a day", limits.daily.unwrap_or_default()),
        number("dailyUsed", "used today", limits.daily_used.unwrap_or_default()),
    ];
    let fields = window("calls", "calls of a token", limits.calls).into_iter();
    form("limits", "Limits", "Set", fields.chain(window("search", "searches", limits.search)).chain(day))
}

fn switch_form(readings: Readings) -> Html {
    let followed = serde_json::to_value(readings).unwrap_or_default();
    let fields = switches().iter().map(|switch| {
        let name = switch.json_name();
        let readings = switch.json_readings().map(|(reading, meaning)| {
            let shown = format!("{reading}: {meaning}");
            (reading, shown)
        });
        choice(&name, &name, followed[&name].as_str().unwrap_or_default(), readings)
    });
    form("switches", "Switches", "Set", fields)
}
