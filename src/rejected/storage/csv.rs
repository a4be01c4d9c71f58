//! Rows of comma-separated values after RFC 4180.

/// Appends one row with its line end. Cells are quoted only where they have to be.
pub fn append_row<T: AsRef<str>>(file: &mut Vec<u8>, cells: impl IntoIterator<Item = T>) {
    for (place, cell) in cells.into_iter().enumerate() {
        if place > 0 {
            file.push(b',');
        }
        append_cell(file, cell.as_ref());
    }
    file.extend_from_slice(b"\r\n");
}

fn append_cell(file: &mut Vec<u8>, cell: &str) {
    if !cell.contains(['"', ',', '\r', '\n']) {
        file.extend_from_slice(cell.as_bytes());
        return;
    }
    file.push(b'"');
    for byte in cell.bytes() {
        if byte == b'"' {
            file.push(b'"');
        }
        file.push(byte);
    }
    file.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What another program reads.
    fn read(file: &[u8]) -> Vec<Vec<String>> {
        let mut reader = ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file);
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn only_what_has_to_be_is_quoted() {
        let mut file = Vec::new();
        append_row(&mut file, ["a b", "", "x,y", "say \"no\"", "two\nlines"]);
        assert_eq!(file, b"a b,,\"x,y\",\"say \"\"no\"\"\",\"two\nlines\"\r\n");
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_another_reader_reads(
            rows in prop::collection::vec(prop::collection::vec("[a,\"\r\n ;\u{e9}{}]{0,8}", 2..5), 0..6)
        ) {
            let mut file = Vec::new();
            for row in &rows {
                append_row(&mut file, row);
            }
            prop_assert_eq!(read(&file), rows);
        }
    }
}
