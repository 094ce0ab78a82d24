//! The OpenAPI document as a page for people: no script, nothing from another host.

use std::fmt::Write as _;

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
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;\
padding:1rem 1rem 4rem}h2{margin-top:3rem;border-bottom:1px solid}h3{margin:2rem 0 .3rem}\
code,pre{font:.9em/1.4 ui-monospace,monospace;overflow-wrap:anywhere}table{border-collapse:collapse;\
width:100%;margin:.5rem 0}td,th{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0;\
border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent)}th{font-weight:600}\
.m{display:inline-block;min-width:3.2rem;font-weight:700}";

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
    for tag in items(&document["tags"]) {
        page.raw("<h2>").text(&tag["name"]).raw("</h2>").element("p", &tag["description"]);
        for (path, item) in entries(&document["paths"]) {
            for (method, operation) in entries(item) {
                if items(&operation["tags"]).any(|named| named == &tag["name"]) {
                    page.operation(path, method, operation);
                }
            }
        }
    }
    page.raw("<h2>Values</h2>");
    for (name, schema) in document.pointer("/components/schemas").into_iter().flat_map(entries) {
        page.schema(name, schema);
    }
    page.0
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
        self.raw(&escaped(value.as_str().unwrap_or_default()))
    }

    fn element(&mut self, name: &str, value: &Value) {
        if value.is_string() {
            self.raw(&format!("<{name}>")).text(value).raw(&format!("</{name}>"));
        }
    }

    fn row(&mut self, cells: [&str; 3]) {
        // Writing to a String cannot fail.
        let [first, second, third] = cells;
        let _infallible = write!(
            self.0,
            "<tr><td><code>{}</code><td>{second}<td>{}",
            escaped(first),
            escaped(third)
        );
    }

    fn operation(&mut self, path: &str, method: &str, operation: &Value) {
        self.raw("<h3><code><span class=m>").raw(&method.to_uppercase()).raw("</span>");
        self.raw(&escaped(path)).raw("</code></h3>");
        self.element("p", &operation["summary"]);
        self.element("p", &operation["description"]);
        self.raw("<table>");
        for parameter in items(&operation["parameters"]) {
            let place = parameter["in"].as_str().unwrap_or_default();
            let must = if parameter["required"] == true { ", needed" } else { "" };
            let form = format!("{}<br>{place}{must}", form(&parameter["schema"]));
            let what = parameter["description"].as_str().unwrap_or_default();
            self.row([parameter["name"].as_str().unwrap_or_default(), &form, what]);
        }
        let body = &operation["requestBody"];
        for (kind, content) in entries(&body["content"]) {
            self.row(["body", &format!("{}<br>{}", form(&content["schema"]), escaped(kind)), ""]);
        }
        for (status, response) in entries(&operation["responses"]) {
            let forms = entries(&response["content"]).map(|(kind, content)| {
                format!("{}<br>{}", form(&content["schema"]), escaped(kind))
            });
            let forms = forms.collect::<Vec<_>>().join("<br>");
            self.row([status, &forms, response["description"].as_str().unwrap_or_default()]);
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
            let form = format!("{}{}", form(what), if must { "" } else { ", may be missing" });
            self.row([field, &form, what["description"].as_str().unwrap_or_default()]);
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
    let pattern = schema["pattern"].as_str().map(|p| format!(" <code>{}</code>", escaped(p)));
    let name = match &schema["type"] {
        Value::String(name) => name.clone(),
        Value::Array(names) => names.iter().map(plain).collect::<Vec<_>>().join(" or "),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => "bytes".to_owned(),
    };
    escaped(&name) + &pattern.unwrap_or_default()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}
