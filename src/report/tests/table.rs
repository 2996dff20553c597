//! A report as a table: read back by the library, and by Python.

use quorate_protocol::*;

use super::play::Play;
use crate::report::table::csv as table;

/// Names that mean something to somebody else, and how they are in the table.
const NAMES: [(&str, &str); 19] = [
    (
        "=HYPERLINK(\"http://evil.example\",\"Click\")",
        "'=HYPERLINK(\"http://evil.example\",\"Click\")",
    ),
    ("+1+1", "'+1+1"),
    ("-1", "'-1"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\t=1", "'\t'=1"),
    ("\r\n=1", "'\r\n'=1"),
    ("＝1", "'＝1"),
    ("a \"quoted\", name", "a \"quoted\", name"),
    ("two\r\nlines", "two\r\nlines"),
    ("Zoë 👩‍👩‍👧 🙂", "Zoë 👩‍👩‍👧 🙂"),
    ("\u{202e}שלום", "\u{202e}שלום"),
    ("a=b", "a=b"),
    ("x;=1+2;y", "x;'=1+2;y"),
    ("x;\"=1+2", "x;\"'=1+2"),
    ("x\";=1+2;\"y", "x\";'=1+2;\"y"),
    ("x; \u{a0}@SUM(A1)", "x; \u{a0}'@SUM(A1)"),
    ("x\t-1", "x\t'-1"),
    ("two\n+lines", "two\n'+lines"),
    ("one, -two; three", "one, -two; three"),
];

async fn report() -> Report {
    let mut play = Play::new(|_| {}).await;
    play.enter(1).await;
    play.pass(90_000).await;
    let report = play.stored(play.asked()).await;
    let minutes = QualityMinutes { excellent: 1, good: 2, fair: 3, poor: 4 };
    let one = ReportPerson { quality_minutes: minutes, ..report.participants[0].clone() };
    let person =
        |(name, _): &(&str, &str)| ReportPerson { name: (*name).to_owned(), ..one.clone() };
    Report { participants: NAMES.iter().map(person).collect(), ..report }
}

#[tokio::test]
async fn each_participant_is_a_row_whatever_they_are_called() {
    let bytes = table(&report().await).unwrap();
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    assert_eq!(reader.headers().unwrap().get(0), Some("name"));
    let column = |name: &str, headers: &csv::StringRecord| {
        headers.iter().position(|header| header == name).unwrap()
    };
    let headers = reader.headers().unwrap().clone();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), NAMES.len());
    for (row, (_, expected)) in rows.iter().zip(NAMES) {
        assert_eq!(&row[0], expected);
        let cell = |name| &row[column(name, &headers)];
        assert_eq!((cell("participant"), cell("user"), cell("role")), ("1001", "1", "host"));
        assert_eq!((cell("present_seconds"), cell("talk_seconds")), ("90", "0"));
        assert_eq!((cell("came_at"), cell("kind")), ("2026-09-21T14:13:20.000Z", "member"));
        assert_eq!((cell("points_voice"), cell("quality_r")), ("", ""), "what does not apply");
        let minutes = ["excellent", "good", "fair", "poor"].map(|level| format!("minutes_{level}"));
        assert_eq!(minutes.each_ref().map(|it| cell(it)), ["1", "2", "3", "4"]);
        assert_ne!(cell("points_presence"), "");
    }
    let text = String::from_utf8(bytes).unwrap();
    assert!(
        text.ends_with("\r\n") && text.lines().next().unwrap().starts_with("name,participant,")
    );
}

/// Whether a spreadsheet would reckon with it.
fn is_formula(cell: &str) -> bool {
    cell.trim_start().starts_with(['=', '+', '-', '@', '＝'])
}

#[tokio::test]
async fn no_cell_is_a_formula_whatever_ends_cells() {
    let bytes = table(&report().await).unwrap();
    for (end, quoting) in
        [b';', b'\t', b',', b'|'].into_iter().flat_map(|it| [(it, true), (it, false)])
    {
        let mut reader = csv::ReaderBuilder::new();
        let mut reader =
            reader.delimiter(end).quoting(quoting).flexible(true).from_reader(bytes.as_slice());
        for row in reader.records() {
            let row = row.unwrap();
            // Without quotes the comma of a name ends cells too, as nothing reads it that knows of CSV.
            let formula = row.iter().find(|cell| is_formula(cell));
            assert!(formula.is_none() || (end == b',' && !quoting), "{}: {row:?}", end as char);
        }
    }
}

#[tokio::test]
async fn python_reads_the_same() {
    let bytes = table(&report().await).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.csv");
    std::fs::write(&file, bytes).unwrap();
    let script = "import csv, json, sys; \
        rows = list(csv.reader(open(sys.argv[1], encoding='utf-8', newline=''), strict=True)); \
        assert len({len(row) for row in rows}) == 1; \
        print(json.dumps([row[0] for row in rows[1:]]))";
    let read = std::process::Command::new("python3").arg("-c").arg(script).arg(&file).output();
    let read = read.unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let names: Vec<String> = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!(names, NAMES.map(|(_, expected)| expected));
}
