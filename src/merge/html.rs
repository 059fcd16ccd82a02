//! GHL's note bodies as plain text.

use std::borrow::Cow;

/// The text of an HTML fragment: `<br>`, `<p>` and other blocks become line ends, list entries lines with `- `,
/// links `text (url)`; entities are decoded, other tags dropped. Text without a tag passes unchanged, also what
/// only looks like one (`<ann@a.test>`, `a < b`). For reading only: it is never written back.
///
/// ```
/// use couplet::merge::normalise::html_to_text;
/// assert_eq!(html_to_text("<p>Call <b>Ann</b></p><p>9&ndash;5</p>"), "Call Ann\n9–5");
/// assert_eq!(html_to_text("a < b & c"), "a < b & c");
/// ```
pub fn html_to_text(html: &str) -> String {
    if !html
        .match_indices('<')
        .any(|(at, _)| Tag::at(&html[at..]).is_some())
    {
        return html.to_owned();
    }
    let mut page = Page::default();
    let mut rest = html;
    while !rest.is_empty() {
        if let Some(tag) = Tag::at(rest) {
            rest = page.tag(&tag, &rest[tag.len..]);
        } else {
            // At least the first character, which may be a `<` that opens no tag.
            let next = rest.char_indices().skip(1).find(|(_, c)| *c == '<');
            let end = next.map_or(rest.len(), |(at, _)| at);
            page.text(&rest[..end]);
            rest = &rest[end..];
        }
    }
    page.out.truncate(page.out.trim_end().len());
    page.out
}

/// Elements that begin and end a line.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "blockquote",
    "body",
    "div",
    "dl",
    "dd",
    "dt",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "html",
    "head",
    "li",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "tfoot",
    "thead",
    "tr",
    "ul",
];

/// Elements that leave their text where it stands.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "br", "code", "del", "em", "font", "i", "img", "ins", "label", "mark",
    "meta", "link", "o:p", "s", "script", "small", "span", "strike", "strong", "style", "sub",
    "sup", "td", "th", "title", "u",
];

/// A tag or comment at the start of a text.
struct Tag<'a> {
    /// In lower case, `!` for a comment or doctype.
    name: String,
    is_end: bool,
    attributes: &'a str,
    /// Bytes that it takes.
    len: usize,
}

impl<'a> Tag<'a> {
    fn at(html: &'a str) -> Option<Self> {
        let inner = html.strip_prefix('<')?;
        if let Some(comment) = inner.strip_prefix("!--") {
            let end = comment.find("-->").map_or(html.len(), |at| 4 + at + 3);
            return Some(Self::comment(end));
        }
        if inner.len() >= 8
            && inner.is_char_boundary(8)
            && inner[..8].eq_ignore_ascii_case("!doctype")
        {
            return Some(Self::comment(html.find('>')? + 1));
        }
        let is_end = inner.starts_with('/');
        let inner = inner.strip_prefix('/').unwrap_or(inner);
        let name_to = inner.find(|c: char| c.is_whitespace() || c == '>' || c == '/')?;
        let name = inner[..name_to].to_ascii_lowercase();
        if !BLOCKS.contains(&&*name) && !INLINE.contains(&&*name) {
            return None;
        }
        let attributes_to = name_to + end_of_tag(&inner[name_to..])?;
        Some(Self {
            name,
            is_end,
            attributes: &inner[name_to..attributes_to],
            len: 1 + usize::from(is_end) + attributes_to + 1,
        })
    }

    fn comment(len: usize) -> Self {
        Self {
            name: "!".into(),
            is_end: false,
            attributes: "",
            len,
        }
    }

    /// The value of an attribute, decoded.
    fn attribute(&self, wanted: &str) -> Option<String> {
        let mut rest = self.attributes;
        while let Some(at) = rest.find('=') {
            let name = rest[..at].split_whitespace().last().unwrap_or("");
            let given = rest[at + 1..].trim_start();
            let (value, after) = match given.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    given[1..].split_once(quote).unwrap_or((&given[1..], ""))
                }
                _ => given.split_once(char::is_whitespace).unwrap_or((given, "")),
            };
            if name.eq_ignore_ascii_case(wanted) {
                return Some(decoded(value).into_owned());
            }
            rest = after;
        }
        None
    }
}

/// Where the `>` of a tag is, quoted ones aside.
fn end_of_tag(attributes: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in attributes.char_indices() {
        match (quote, c) {
            (None, '>') => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    None
}

/// The text so far, and where in it the open link began.
#[derive(Default)]
struct Page {
    out: String,
    link: Option<(usize, String)>,
    is_pre: bool,
}

impl Page {
    /// Takes a tag in, and gives what is left to read after it.
    fn tag<'a>(&mut self, tag: &Tag<'_>, after: &'a str) -> &'a str {
        match (&*tag.name, tag.is_end) {
            ("br", _) => {
                self.trim_line();
                self.out.push('\n');
            }
            ("a", false) => {
                self.link = tag.attribute("href").map(|href| (self.out.len(), href));
            }
            ("a", true) => self.end_link(),
            ("td" | "th", false) => self.text(" "),
            ("li", false) => {
                self.end_line();
                self.out.push_str("- ");
            }
            (name @ ("script" | "style" | "title"), false) => {
                let close = format!("</{name}");
                let lower = after.to_ascii_lowercase();
                return lower.find(&close).map_or("", |at| &after[at..]);
            }
            (name, is_end) if BLOCKS.contains(&name) => {
                self.end_line();
                if name == "pre" {
                    self.is_pre = !is_end;
                }
            }
            _ => {}
        }
        after
    }

    /// Adds text; white space counts as one space, and as none at the start of a line.
    fn text(&mut self, html: &str) {
        let text = decoded(html);
        if self.is_pre {
            self.out.push_str(&text);
            return;
        }
        for c in text.chars() {
            if !c.is_whitespace() {
                self.out.push(c);
            } else if !self.out.is_empty() && !self.out.ends_with([' ', '\n']) {
                self.out.push(' ');
            }
        }
    }

    fn trim_line(&mut self) {
        let to = self.out.trim_end_matches(' ').len();
        self.out.truncate(to);
    }

    fn end_line(&mut self) {
        self.trim_line();
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    /// Puts the address behind the text of a link, unless the text is the address.
    fn end_link(&mut self) {
        let Some((from, href)) = self.link.take() else {
            return;
        };
        let text = self.out.get(from..).unwrap_or("").trim();
        let bare = |address: &str| {
            let address = address.strip_prefix("mailto:").unwrap_or(address);
            let address = address.strip_prefix("tel:").unwrap_or(address);
            let address = address.split_once("://").map_or(address, |(_, rest)| rest);
            address.trim_end_matches('/').to_lowercase()
        };
        if href.is_empty() || href.starts_with('#') || bare(text) == bare(&href) {
            return;
        }
        if text.is_empty() {
            self.out.push_str(&href);
        } else {
            let to = self.out.trim_end().len();
            let space = self.out.split_off(to);
            self.out.extend([" (", &href, ")", &space]);
        }
    }
}

const ENTITIES: &[(&str, &str)] = &[
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("hellip", "…"),
    ("ndash", "–"),
    ("mdash", "—"),
    ("lsquo", "‘"),
    ("rsquo", "’"),
    ("ldquo", "“"),
    ("rdquo", "”"),
    ("bull", "•"),
    ("middot", "·"),
    ("copy", "©"),
    ("reg", "®"),
    ("trade", "™"),
    ("euro", "€"),
    ("pound", "£"),
    ("deg", "°"),
];

/// Text with its entities decoded; what is none stays.
fn decoded(html: &str) -> Cow<'_, str> {
    if !html.contains('&') {
        return Cow::Borrowed(html);
    }
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let entity = rest
            .split_once(';')
            .and_then(|(name, after)| Some((entity(&name[1..])?, after)));
        if let Some((c, after)) = entity {
            out.push_str(&c);
            rest = after;
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn entity(name: &str) -> Option<Cow<'static, str>> {
    let Some(number) = name.strip_prefix('#') else {
        let known = ENTITIES.iter().find(|(known, _)| *known == name)?;
        return Some(Cow::Borrowed(known.1));
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    let c = char::from_u32(code)?;
    Some(Cow::Owned(if c == '\u{a0}' {
        " ".into()
    } else {
        c.to_string()
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn html_becomes_the_text_that_a_reader_sees() {
        for (html, want) in [
            // no tag: unchanged
            ("", ""),
            ("plain", "plain"),
            ("two\n\n  lines ", "two\n\n  lines "),
            ("a < b > c", "a < b > c"),
            ("AT&amp;T", "AT&amp;T"),
            ("Ann <ann@a.test>", "Ann <ann@a.test>"),
            ("if x<y then", "if x<y then"),
            ("<b", "<b"),
            // lines
            ("<p>one</p><p>two</p>", "one\ntwo"),
            ("<p>one</p>\n<p>two</p>\n", "one\ntwo"),
            ("<p>one</p><p><br></p><p>two</p>", "one\n\ntwo"),
            ("one<br>two<br/>three<BR />four", "one\ntwo\nthree\nfour"),
            ("<div>one<div>two</div></div>three", "one\ntwo\nthree"),
            ("one\n two<b> three</b>", "one two three"),
            ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
            (
                "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
                "a b\nc",
            ),
            ("<pre>a\n  b</pre>c", "a\n  b\nc"),
            // words
            ("<b>Call</b> <i>Ann</i>!", "Call Ann!"),
            (
                "<p>5 &lt; 6 &amp; 7&nbsp;&gt; 2 &#8364;&#x20AC; &nope; &</p>",
                "5 < 6 & 7 > 2 €€ &nope; &",
            ),
            ("<p>&amp;lt;</p>", "&lt;"),
            ("<p>Zoë, 田辺 < <x@y></p>", "Zoë, 田辺 < <x@y>"),
            ("<!-- no --><p>yes</p><!-- open", "yes"),
            (
                "<style>p { a }</style><p>yes</p><script>if (a<b) {}</script>",
                "yes",
            ),
            // links
            (
                "<a href=\"https://a.test/x?a=1&amp;b=2\">here</a> now",
                "here (https://a.test/x?a=1&b=2) now",
            ),
            (
                "<a target=_blank href='https://a.test'>here</a>",
                "here (https://a.test)",
            ),
            ("<a href=https://a.test>here</a>", "here (https://a.test)"),
            (
                "<a href=\"https://a.test/\">https://a.test</a>",
                "https://a.test",
            ),
            ("<a href=\"https://a.test/\">a.test</a>", "a.test"),
            ("<a href=\"mailto:ann@a.test\">ann@a.test</a>", "ann@a.test"),
            ("<a href=\"#top\">up</a>", "up"),
            ("<a name=\"x\">up</a>", "up"),
            ("<a href=\"https://a.test\"></a>", "https://a.test"),
            (
                "<a title=\"a > b\" href=\"https://a.test\"><b>here</b> </a>it is",
                "here (https://a.test) it is",
            ),
        ] {
            assert_eq!(html_to_text(html), want, "{html}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn no_html_is_too_wild_to_be_read(html in "(<|</|<!--|<a href=|<p|<li|<pre|<script|>|\"|'|&|&#|;|é|x| |\n|/){0,20}") {
            html_to_text(&html);
        }

        #[test]
        fn text_without_an_angle_passes_unchanged(text in "[^<]{0,20}") {
            prop_assert_eq!(html_to_text(&text), text);
        }
    }
}
