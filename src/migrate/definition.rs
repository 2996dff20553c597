//! What stands between the parentheses of a CREATE TABLE: its columns and constraints, as they were typed.

/// A column or a constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item<'a> {
    /// As typed, with its comments.
    pub(super) text: &'a str,
    /// Its names and keywords outside of inner parentheses, and where they stand in the text.
    words: Vec<Word>,
    /// The names and keywords within parentheses.
    inner: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    text: String,
    quoted: bool,
    start: usize,
    end: usize,
}

impl Word {
    fn is(&self, keyword: &str) -> bool {
        !self.quoted && self.text.eq_ignore_ascii_case(keyword)
    }
}

impl Item<'_> {
    /// Whether it is a constraint of the table.
    pub(super) fn is_constraint(&self) -> bool {
        let words = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];
        self.words.first().is_none_or(|first| words.iter().any(|word| first.is(word)))
    }

    /// The column's name.
    pub(super) fn name(&self) -> &str {
        self.words.first().map_or("", |word| &word.text)
    }

    /// Whether it says this anywhere outside of comments and strings.
    pub(super) fn mentions(&self, name: &str) -> bool {
        let words = self.words.iter().map(|word| &word.text).chain(&self.inner);
        words.into_iter().any(|word| word.eq_ignore_ascii_case(name))
    }

    /// The column without its NOT NULL, where a row that says nothing of it could not be written.
    pub(super) fn without_demand(&self) -> Option<String> {
        let says = |keyword| self.words.iter().any(|word| word.is(keyword));
        if says("DEFAULT") || says("AS") {
            return None;
        }
        let demand = |pair: &&[Word]| pair[0].is("NOT") && pair[1].is("NULL");
        let pair = self.words.windows(2).find(demand)?;
        Some(format!("{}{}", &self.text[..pair[0].start], &self.text[pair[1].end..]))
    }
}

/// Takes a CREATE TABLE apart: what stands before the parenthesis, the items, and what stands behind it.
pub(super) fn items(sql: &str) -> Option<(&str, Vec<Item<'_>>, &str)> {
    let mut reader = Reader { sql, at: 0 };
    let open = loop {
        if let Token::Sign('(') = reader.next()? {
            break reader.at;
        }
    };
    let (mut items, mut start, mut depth) = (Vec::new(), open, 0);
    let (mut words, mut inner) = (Vec::new(), Vec::new());
    loop {
        let token = reader.next()?;
        match token {
            Token::Word(mut word) if depth == 0 => {
                word.start -= start;
                word.end -= start;
                words.push(word);
            }
            Token::Word(word) => inner.push(word.text),
            Token::Sign('(') => depth += 1,
            Token::Sign(')') if depth > 0 => depth -= 1,
            Token::Sign(sign @ (')' | ',')) if depth == 0 => {
                let (words, inner) = (std::mem::take(&mut words), std::mem::take(&mut inner));
                items.push(Item { text: &sql[start..reader.at - 1], words, inner });
                start = reader.at;
                if sign == ')' {
                    return Some((&sql[..open], items, &sql[start..]));
                }
            }
            Token::Sign(_) => {}
        }
    }
}

enum Token {
    Word(Word),
    Sign(char),
}

struct Reader<'a> {
    sql: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<Token> {
        loop {
            let rest = &self.sql[self.at..];
            let first = rest.chars().next()?;
            if rest.starts_with("--") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            } else if first.is_whitespace() {
                self.at += first.len_utf8();
            } else {
                return Some(self.token(first));
            }
        }
    }

    fn token(&mut self, first: char) -> Token {
        let (start, rest) = (self.at, &self.sql[self.at..]);
        if let Some(close) = closing(first) {
            let text = self.quoted(close);
            let word = Word { text, quoted: true, start, end: self.at };
            // A string is no name.
            return if first == '\'' { Token::Sign('\'') } else { Token::Word(word) };
        }
        if is_word(first) {
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            self.at += length;
            let text = rest[..length].to_owned();
            return Token::Word(Word { text, quoted: false, start, end: self.at });
        }
        self.at += first.len_utf8();
        Token::Sign(first)
    }

    /// The text up to the closing sign, which stands for itself where it stands twice.
    fn quoted(&mut self, close: char) -> String {
        let mut text = String::new();
        let mut chars = self.sql[self.at..].char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            // Twice it stands for itself, but for a bracket.
            if c == close && (close == ']' || chars.next_if(|(_, next)| *next == close).is_none()) {
                self.at += at + 1;
                return text;
            }
            text.push(c);
        }
        self.at = self.sql.len();
        text
    }
}

fn closing(open: char) -> Option<char> {
    match open {
        '\'' | '"' | '`' => Some(open),
        '[' => Some(']'),
        _ => None,
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_table_is_taken_apart_where_its_commas_are() {
        let sql = r#"CREATE TABLE "a (b" ( -- first, (really)
            id INTEGER PRIMARY KEY, "full, name" TEXT DEFAULT 'x, (y''' CHECK (length("full, name") > 1),
            [team] INT NOT NULL REFERENCES teams (id, x) /* ) */, `n``s`, amount DECIMAL(10, 2),
            CONSTRAINT one UNIQUE (id, team), foreign key (team) references teams(id)
        ) WITHOUT ROWID"#;
        let (before, items, after) = super::items(sql).unwrap();
        assert_eq!((before, after), (r#"CREATE TABLE "a (b" ("#, " WITHOUT ROWID"));
        let names: Vec<_> = items.iter().map(|item| (item.name(), item.is_constraint())).collect();
        let columns = ["id", "full, name", "team", "n`s", "amount"].map(|name| (name, false));
        assert_eq!(names[..5], columns);
        assert_eq!(names[5..], [("CONSTRAINT", true), ("foreign", true)]);
        assert!(items[6].mentions("TEAM") && !items[6].mentions("one"));
        assert!(items[1].mentions("full, name") && !items[1].mentions("y"));
        let free = items[2].without_demand().unwrap();
        assert!(free.contains("[team] INT  REFERENCES"), "{free}");
        assert_eq!(items[1].without_demand(), None);
    }

    #[test]
    fn what_is_no_table_is_none() {
        for sql in ["", "CREATE TABLE a", "CREATE TABLE a (b", "CREATE TABLE a (b 'c)", "(\"["] {
            assert_eq!(super::items(sql), None, "{sql}");
        }
    }
}
