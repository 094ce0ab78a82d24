//! What `--help` of each source says at its end.

/// `cairn import`
pub(super) const IMPORT: &str = "Examples:
  cairn import git .
  cairn import cloudevents events.jsonl --node http://127.0.0.1:8420
  cairn import syslog /var/log/auth.log --follow --state auth.state
  cairn import cloudtrail records.json.gz
  cairn import ocsf events.jsonl --raw sealed --to auditor
  producer | cairn import cloudevents -
  cairn import archive log.cairn-archive --dir copy --anchor genesis:...

What cannot be brought over is reported with its place, and the exit code is then 1. Without
--state, importing the same history twice logs it twice. With it, a crash sends again at most the
last batch of 500 events. www/guides/import.md has tables of what becomes of each source's fields.";

/// `cairn import git`
pub(super) const GIT: &str = "Examples:
  cairn import git .
  cairn import git ../shop --state shop.state

With --state, the same command later brings over the new commits only.";

/// `cairn import cloudevents`
pub(super) const CLOUDEVENTS: &str = "Examples:
  cairn import cloudevents events.jsonl
  cairn import cloudevents events.jsonl --follow --state events.state
  producer | cairn import cloudevents -

--state knows an event by its `source` and `id`.";

/// `cairn import syslog`
pub(super) const SYSLOG: &str = "Examples:
  cairn import syslog /var/log/auth.log --state auth.state
  cairn import syslog /var/log/auth.log --follow --state auth.state
  cairn import syslog auth.log.4.gz --year 2024 --raw sealed --to auditor
  TZ=Europe/Berlin cairn import syslog auth.log

Times without a zone are read in this machine's zone, or in that of TZ. --state knows a line by what
it says and its number; with --follow, by how far the file was read.";

/// `cairn import cloudtrail`
pub(super) const CLOUDTRAIL: &str = "Examples:
  cairn import cloudtrail 111122223333_CloudTrail_eu-central-1_20250314T0900Z.json.gz
  cairn import cloudtrail records.jsonl --follow --state trail.state
  cat *.json.gz | cairn import cloudtrail - --state trail.state

With --follow, each record or file must stand on one line. --state knows a record by its `eventID`.";

/// `cairn import ocsf`
pub(super) const OCSF: &str = "Examples:
  cairn import ocsf events.jsonl
  cairn import ocsf events.jsonl --follow --state ocsf.state
  cairn import ocsf events.jsonl --raw sealed --to auditor

--state knows an event by its `metadata.uid` and product; one without a uid by its whole line.";

/// `cairn import archive`
pub(super) const ARCHIVE: &str = "Examples:
  cairn import archive log.cairn-archive --dir copy --anchor genesis:...
  cairn import archive may.cairn-archive june.cairn-archive --dir copy --anchor checkpoint:...
  cairn import archive july.cairn-archive --dir copy
  cairn start --dir copy --read-only

Every event, block and payload is checked before it is kept. Blocks that the directory has already
are compared; after a stop the same command goes on. If the log's beginning is older than its trust
period, pin a newer block with checkpoint:...: nothing is served until that block was imported.
Archives made with --base header:... hold no certificates and cannot be imported.

Exit codes: 0 imported, 1 it does not hold or does not fit, 2 wrong usage, 3 the anchor is too old or
was not reached.";
