//! What all pages have in common.

use super::Page;
use super::html::{Html, link};

const STYLE: &str = "<style>
:root{color-scheme:light dark;--line:#8883;--soft:#8881;--ok:#2f9e6e;--bad:#d9822b;--limit:#d9480f;--fail:#c92a2a;--none:#868e96;--link:#1c7ed6}
body{font:14px/1.45 system-ui,sans-serif;margin:0 auto;max-width:1100px;padding:0 16px 40px}
header{display:flex;gap:18px;align-items:baseline;border-bottom:1px solid var(--line);padding:12px 0;margin-bottom:12px}
header b{font-size:16px}a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
h1{font-size:20px;margin:14px 0 6px}h2{font-size:15px;margin:22px 0 6px}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:3px 12px 3px 0;border-bottom:1px solid var(--line);vertical-align:top;white-space:nowrap}
td{font-variant-numeric:tabular-nums}th{font-weight:600;opacity:.7}.wrap td:last-child{white-space:normal;overflow-wrap:anywhere}
.scroll{overflow-x:auto}p{margin:4px 0;opacity:.8}pre{background:var(--soft);padding:10px;overflow:auto;max-height:480px}
.ok{color:var(--ok)}.bad{color:var(--bad)}.limit{color:var(--limit)}.fail{color:var(--fail)}.none{color:var(--none)}
svg{width:100%;height:auto;display:block}svg text{font-size:11px;fill:currentColor;opacity:.7}
svg .ok{fill:var(--ok)}svg .bad{fill:var(--bad)}svg .limit{fill:var(--limit)}svg .fail{fill:var(--fail)}svg .none{fill:var(--none)}
svg .used{fill:none;stroke:var(--link);stroke-width:1.5}svg .full{stroke:var(--limit);stroke-dasharray:4 3}svg .axis{stroke:var(--line)}
.legend{font-size:12px}.legend span{margin-left:6px}.legend a{color:var(--link);margin-left:6px}
form label{display:inline-block;margin:2px 14px 2px 0}form button{display:block;margin-top:6px}select{max-width:420px}input{width:110px}#said{min-height:20px}
#live{margin-left:auto;opacity:.7}.stopped #live{color:var(--fail);opacity:1}
</style>";

/// Takes over what changed; says so when the sandbox is gone.
const SCRIPT: &str = "<script>
setInterval(async()=>{if(document.hidden)return;const say=(word,stopped)=>{document.body.classList.toggle('stopped',stopped);document.getElementById('live').textContent=word};
try{const answer=await fetch(location.href);const fresh=new DOMParser().parseFromString(await answer.text(),'text/html').querySelector('main');
const shown=document.querySelector('main');if(fresh&&fresh.innerHTML!==shown.innerHTML)shown.replaceWith(fresh);say('live',false)}catch{say('stopped',true)}},1000)
</script>";

/// The whole document.
pub(super) fn whole(page: Page) -> String {
    let menu = [
        Html::tag("b", &[], [link(&[""], "hubspot-sandbox")]),
        link(&["objects", "contacts"], "contacts"),
        link(&["lists"], "lists"),
        link(&["events"], "events"),
        link(&["requests"], "requests"),
        link(&["control"], "control"),
        Html::tag("span", &[("id", &"live")], [Html::text("live")]),
    ];
    let head = [
        Html::literal("<meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"),
        // Without this, browsers ask for an icon, and that would be in the log.
        Html::literal("<link rel=\"icon\" href=\"data:,\">"),
        Html::tag("title", &[], [Html::text(&page.title), Html::text(" - hubspot-sandbox")]),
        Html::literal(STYLE),
        Html::literal("<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript>"),
    ];
    let body = [
        Html::tag("header", &[], menu),
        Html::tag("main", &[], [Html::tag("h1", &[], [Html::text(&page.title)]), page.body]),
        page.forms,
        Html::literal(SCRIPT),
    ];
    let document =
        Html::tag("html", &[("lang", &"en")], [Html::tag("head", &[], head), Html::tag("body", &[], body)]);
    format!("<!DOCTYPE html>\n{}\n", document.into_string())
}
