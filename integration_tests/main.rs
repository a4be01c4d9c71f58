//! Black-box tests: the built program over its command line, stdin and stdout, against the sandbox.
//!
//! One binary, so that there is one link. Where a new test belongs:
//!
//! | question | module |
//! |---|---|
//! | Does a sync end to end do what it should? | `demo_data`, `write` |
//! | What do `spec` and the command line print, which files are refused? | `commands` |
//! | What is a platform told of the connector? | `registry` |
//! | What do `check` and `discover` find and say? | `check`, `discover` |
//! | Where does a stream go, by which key, what becomes of its columns? | `objects`, `keys`, `columns` |
//! | What do the settings of streams meet, and what is told of those that meet nothing? | `settings` |
//! | Which spellings of a value are one? | `spelling` |
//! | What is sent to HubSpot? | `requests` |
//! | What do updates and archives do? | `operations` |
//! | What becomes of rows that their source has deleted? | `deleted_rows` |
//! | Who is on a list in the end? | `lists`, `list_membership` |
//! | Which pairs are associated in the end? | `associations` |
//! | What is a record associated with as it is written? | `inline` |
//! | Which properties are made in HubSpot, and when? | `making`, `making_keys` |
//! | How is a lifecycle stage moved back? | `lifecycle` |
//! | What does a dry run do and leave? | `dry_run` |
//! | Which events are sent? | `events` |
//! | Who belongs to which audience in the end? | `audiences` |
//! | How are owners found? | `owners` |
//! | What may come on stdin? | `input` |
//! | Which stream does a message belong to? | `namespaces` |
//! | What is printed of a rejected record? | `rejections` |
//! | When are there too many rejections to go on? | `rejection_limit` |
//! | What is stored of a rejected record, and what waits for that? | `storage` |
//! | What is told at the end of a sync, and shown to a person meanwhile? | `report` |
//! | What are stored files called, who may read them? | `stored_files` |
//! | Do storage servers of others take what is stored? | `storage_servers` |
//! | How are tokens had and kept? | `oauth` |
//! | What must not be printed? | `secrets` |
//! | Which states go out, when, with which counts? | `checkpoints` |
//! | What does an answer settle, and what does it leave open? | `settlement` |
//! | What follows from the refusals that HubSpot gave to others? | `recorded` |
//! | Who settles by an answer that is not HubSpot's, or speaks of others? | `foreign` |
//! | Can anything that a record holds end a sync? | `values` |
//! | Who is rejected for a refused batch, at the cost of how many calls? | `isolation` |
//! | Is every record made once? | `insert` |
//! | What does a new record need? | `required` |
//! | What is matched by search? | `search` |
//! | Why is HubSpot not reached, and who is told when? | `reach` |
//! | What if HubSpot's pages do not end? | `pages` |
//! | Which trouble is waited out, which ends a sync? | `faults`, `storms`, `giving_up` |
//! | In which order do records of one key take effect? | `order` |
//! | How does a sync end, and go on after a crash? | `ends`, `kill` |
//! | Does the same hold over TLS and HTTP/2? | `production` (the files of `settlement`, `insert`, `faults`, `order`) |
//! | Does any input break the parser or the coercions? | `fuzz` |
//! | Does a line mean what it says, however it is spelled? | `lines` |
//! | Does a hostile HubSpot hang, flood or fool a sync? | `hostile` |
//! | How much memory does a sync take? | `memory` |
//! | What if names and members come without end? | `floods` |
//! | Are the rules of ARCHITECTURE.md kept? | `tidy` |
//! | Is the documentation complete, and do its examples run? | `docs` |

#![expect(unreachable_pub, reason = "a test binary has no outside; `pub` says what the modules share")]
#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]

mod support;

mod associations;
mod audiences;
mod check;
mod checkpoints;
mod columns;
mod commands;
mod deleted_rows;
mod demo_data;
mod discover;
mod docs;
mod dry_run;
mod ends;
mod events;
mod faults;
mod floods;
mod foreign;
mod fuzz;
mod giving_up;
mod hostile;
mod inline;
mod input;
mod insert;
mod isolation;
mod keys;
mod kill;
mod lifecycle;
mod lines;
mod list_membership;
mod lists;
mod making;
mod making_keys;
mod memory;
mod namespaces;
mod oauth;
mod objects;
mod operations;
mod order;
mod owners;
mod pages;
mod production;
mod reach;
mod recorded;
mod registry;
mod rejection_limit;
mod rejections;
mod report;
mod requests;
mod required;
mod search;
mod secrets;
mod settings;
mod settlement;
mod spelling;
mod storage;
mod storage_servers;
mod stored_files;
mod storms;
mod tidy;

// What the groups call that run twice, each time with another account: see `production`.
use support::delivery::account;
mod values;
