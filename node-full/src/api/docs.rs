//! The OpenAPI document as a page for people: no script, nothing from another host.

use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{Html, IntoResponse as _, Response};
use serde_json::Value;

use super::App;
use super::document::document;
use super::params::Params;
use super::problem::Problem;

/// The page needs its own style and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";
const STYLE: &str = "\
:root{color-scheme:light dark;--line:color-mix(in srgb,currentColor 18%,transparent);\
--soft:color-mix(in srgb,currentColor 68%,transparent)}\
body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:0 auto;padding:1rem 1rem 4rem}\
h1{margin-bottom:.3rem}h2{margin-top:3rem;border-bottom:2px solid var(--line);padding-bottom:.2rem;\
text-transform:capitalize}h3{margin:2.2rem 0 .3rem;overflow-wrap:anywhere}\
p{margin:.4rem 0;max-width:46rem}a{color:light-dark(#0b57a4,#8ab8ff)}\
code{font:.92em/1.45 ui-monospace,monospace;overflow-wrap:anywhere}\
.m{display:inline-block;min-width:3.6rem;font-weight:700}\
nav{columns:24rem;column-gap:2rem;margin-top:1.5rem}nav section{break-inside:avoid;margin-bottom:1rem}\
nav b{text-transform:capitalize}nav ul{list-style:none;margin:.2rem 0;padding:0}nav li{margin:.15rem 0}\
table{border-collapse:collapse;width:100%;margin:.6rem 0;table-layout:fixed}\
td{vertical-align:top;padding:.35rem 1rem .35rem 0;border-bottom:1px solid var(--line)}\
td:first-child{width:12rem}td:last-child{width:20rem;color:var(--soft)}td:last-child small{color:inherit}small{color:var(--soft)}\
details{display:inline-block;vertical-align:top}summary{cursor:pointer}\
@media(max-width:44rem){table,tbody,tr,td{display:block}td,td:first-child,td:last-child{width:auto;\
border:0;padding:.1rem 0}tr{border-bottom:1px solid var(--line);padding:.5rem 0}td:empty{display:none}}";
/// A pattern that is longer than this is shown when it is asked for.
const SHORT_PATTERN: usize = 24;

/// This API for people
#[utoipa::path(get, path = "/docs", operation_id = "docs", tag = "node",
    responses((status = 200,
        description = "A page",
        body = String,
        content_type = "text/html; charset=utf-8")))]
pub(super) async fn page(State(_): State<App>, params: Params) -> Result<Response, Problem> {
    params.only(&[])?;
    let document =
        serde_json::to_value(document()).map_err(|error| Problem::internal(&error.to_string()))?;
    let headers: [(HeaderName, &str); 3] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Ok((headers, Html(render(&document))).into_response())
}

fn render(document: &Value) -> String {
    let mut page = Page(String::new());
    let info = &document["info"];
    page.raw("<!doctype html><html lang=en><meta charset=utf-8>");
    page.raw("<meta name=viewport content='width=device-width'><title>Cairn API</title><style>");
    page.raw(STYLE);
    page.raw("</style><h1>").text(&info["title"]).raw(" ").text(&info["version"]).raw("</h1>");
    page.element("p", &info["description"]);
    page.raw("<p>For programs: <a href=/v1/openapi.json><code>/v1/openapi.json</code></a>.");
    page.contents(document);
    for tag in items(&document["tags"]) {
        page.raw("<h2>").text(&tag["name"]).raw("</h2>").element("p", &tag["description"]);
        for (path, method, operation) in operations(document, tag) {
            page.operation(path, method, operation);
        }
    }
    page.raw("<h2 id=values>Values</h2>");
    for (name, schema) in document.pointer("/components/schemas").into_iter().flat_map(entries) {
        page.schema(name, schema);
    }
    page.0
}

/// The operations of a tag: path, method, and what it is.
fn operations<'a>(
    document: &'a Value,
    tag: &'a Value,
) -> impl Iterator<Item = (&'a String, &'a String, &'a Value)> {
    let paths = entries(&document["paths"]);
    let all = paths.flat_map(|(path, item)| {
        entries(item).map(move |(method, operation)| (path, method, operation))
    });
    all.filter(|(_, _, operation)| items(&operation["tags"]).any(|named| *named == tag["name"]))
}

/// Where an operation stands on the page.
fn anchor(operation: &Value) -> String {
    format!("do-{}", escaped(operation["operationId"].as_str().unwrap_or_default()))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// The page as far as it is written. All text of the document goes through [`escaped`].
struct Page(String);

impl Page {
    fn raw(&mut self, html: &str) -> &mut Self {
        self.0.push_str(html);
        self
    }

    fn text(&mut self, value: &Value) -> &mut Self {
        self.raw(&shown(value.as_str().unwrap_or_default()))
    }

    /// What there is, to go to.
    fn contents(&mut self, document: &Value) {
        self.raw("<nav aria-label=Contents>");
        for tag in items(&document["tags"]) {
            self.raw("<section><b>").text(&tag["name"]).raw("</b><ul>");
            for (path, method, operation) in operations(document, tag) {
                self.raw(&format!("<li><a href='#{}'><code>", anchor(operation)));
                self.raw(&method.to_uppercase()).raw(" ").raw(&escaped(path));
                self.raw("</code></a>");
            }
            self.raw("</ul></section>");
        }
        self.raw("<p><a href=#values>Values</a></nav>");
    }

    fn element(&mut self, name: &str, value: &Value) {
        if value.is_string() {
            self.raw(&format!("<{name}>")).text(value).raw(&format!("</{name}>"));
        }
    }

    /// Name with a remark, what it is for, and its form as HTML.
    fn row(&mut self, (name, remark): (&str, &str), what: &str, form: &str) {
        self.raw("<tr><td><code>").raw(&escaped(name)).raw("</code>");
        if !remark.is_empty() {
            self.raw(" <small>").raw(&escaped(remark)).raw("</small>");
        }
        self.raw("<td>").raw(&shown(what)).raw("<td>").raw(form);
    }

    fn operation(&mut self, path: &str, method: &str, operation: &Value) {
        self.raw(&format!("<h3 id='{}'><code><span class=m>", anchor(operation)));
        self.raw(&method.to_uppercase()).raw("</span>").raw(&escaped(path)).raw("</code></h3>");
        self.element("p", &operation["summary"]);
        self.element("p", &operation["description"]);
        self.raw("<table>");
        for parameter in items(&operation["parameters"]) {
            let place = parameter["in"].as_str().unwrap_or_default();
            let must = if parameter["required"] == true { ", needed" } else { "" };
            let name = parameter["name"].as_str().unwrap_or_default();
            let what = parameter["description"].as_str().unwrap_or_default();
            self.row((name, &format!("{place}{must}")), what, &form(&parameter["schema"]));
        }
        let body = &operation["requestBody"];
        for (kind, content) in entries(&body["content"]) {
            self.row(("body", kind), "", &form(&content["schema"]));
        }
        for (status, response) in entries(&operation["responses"]) {
            let forms = entries(&response["content"]).map(|(kind, content)| {
                format!("{}<br><small>{}</small>", form(&content["schema"]), escaped(kind))
            });
            let forms = forms.collect::<Vec<_>>().join("<br>");
            let what = response["description"].as_str().unwrap_or_default();
            self.row((status, ""), what, &forms);
        }
        self.raw("</table>");
    }

    fn schema(&mut self, name: &str, schema: &Value) {
        let safe = escaped(name);
        self.raw(&format!("<h3 id='{safe}'>{safe}</h3>"));
        self.element("p", &schema["description"]);
        if !schema["properties"].is_object() {
            self.raw("<p>").raw(&form(schema));
            return;
        }
        self.raw("<table>");
        for (field, what) in entries(&schema["properties"]) {
            let must = items(&schema["required"]).any(|name| name == field);
            let remark = if must { "" } else { "may be missing" };
            let about = what["description"].as_str().unwrap_or_default();
            self.row((field, remark), about, &form(what));
        }
        self.raw("</table>");
    }
}

/// A schema in a few words, as HTML.
fn form(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        let name = escaped(name);
        return format!("<a href='#{name}'>{name}</a>");
    }
    let all = ["oneOf", "anyOf", "allOf"].into_iter().find_map(|key| schema[key].as_array());
    if let Some(all) = all {
        return all.iter().map(form).collect::<Vec<_>>().join(" or ");
    }
    if let Some(values) = schema["enum"].as_array() {
        let shown = values.iter().map(|value| format!("<code>{}</code>", escaped(&plain(value))));
        return shown.collect::<Vec<_>>().join(" ");
    }
    if schema["type"] == "array" {
        return format!("list of {}", form(&schema["items"]));
    }
    if schema["properties"].is_object() {
        let fields = entries(&schema["properties"])
            .map(|(name, field)| format!("<code>{}</code>: {}", escaped(name), form(field)));
        return fields.collect::<Vec<_>>().join(", ");
    }
    let name = match &schema["type"] {
        Value::String(name) => name.clone(),
        Value::Array(names) => names.iter().map(plain).collect::<Vec<_>>().join(" or "),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => "bytes".to_owned(),
    };
    match schema["pattern"].as_str() {
        None => escaped(&name),
        Some(pattern) if pattern.len() <= SHORT_PATTERN => {
            format!("{} <code>{}</code>", escaped(&name), escaped(pattern))
        }
        Some(pattern) => format!(
            "<details><summary>{}</summary><code>{}</code></details>",
            escaped(&name),
            escaped(pattern)
        ),
    }
}

/// Text of the document, in which `code` stands between backticks.
fn shown(text: &str) -> String {
    let parts = escaped(text);
    let mut is_code = false;
    let mut html = String::with_capacity(parts.len());
    for part in parts.split('`') {
        if is_code {
            html.extend(["<code>", part, "</code>"]);
        } else {
            html.push_str(part);
        }
        is_code = !is_code;
    }
    html
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}
