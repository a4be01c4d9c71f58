//! Finds the lists that records name, and makes those that are missing, each once, within the same limit.
//!
//! Names of lists come from records here, so that no log line and no message tells them: a list that was made is told by
//! its id.

use tokio::time::sleep;

use super::{Making, PropertyMaker, READING_INTERVAL, READINGS};
use crate::crm::list::{FoundList, IfMissing, List, ListName, ListRequest, ProcessingType};
use crate::error::{Failure, Kind};
use crate::hubspot::lists;
use crate::hubspot::patient::Trouble;

/// The scope for making lists (HubSpot's OpenAPI file for lists).
const SCOPE: &str = "crm.lists.write";

impl PropertyMaker {
    /// Looks for a list, and makes it where it is missing and that was asked for.
    ///
    /// # Errors
    /// A configuration failure where the limit is reached or the token lacks the scope; another where HubSpot cannot be
    /// reached. What is wrong with the name itself is no failure.
    pub async fn find_list(&mut self, request: &ListRequest) -> Result<FoundList, Failure> {
        let object = request.object_type_id.as_str();
        match &request.name {
            ListName::Id(id) => {
                let list = lists::by_id(&self.client, id, self.patience).await;
                // Of a deleted list HubSpot still shows what it was.
                Ok(match there(list)? {
                    Some(list) if !list.is_deleted() => FoundList::There(list),
                    _ => FoundList::Missing,
                })
            }
            ListName::Name(name) => {
                if let Some(list) = self.lists.get(&name.to_lowercase()) {
                    return Ok(FoundList::There(list.clone()));
                }
                match (self.list_of_name(object, name).await?, request.if_missing) {
                    (Some(list), _) => Ok(FoundList::There(list)),
                    (None, IfMissing::Tell) => Ok(FoundList::Missing),
                    (None, IfMissing::Create) => self.make_list(object, name).await,
                }
            }
        }
    }

    async fn make_list(&mut self, object: &str, name: &str) -> Result<FoundList, Failure> {
        self.check_room(1)?;
        let list = if self.making == Making::OnPaper {
            let list = on_paper(object, name);
            tracing::info!("Dry run: a list would be created that records name.");
            self.made.add("a list".to_owned());
            list
        } else {
            match lists::create(&self.client, object, name, self.patience).await {
                Ok(list) => {
                    tracing::info!("Created the list {} in HubSpot.", list.list_id);
                    self.made.add(format!("list {}", list.list_id));
                    list
                }
                Err(trouble) if lists::is_name_taken(&trouble) => {
                    return self.taken(object, name).await;
                }
                Err(Trouble::Refused(error)) if error.status == 400 => return Ok(FoundList::Refused),
                Err(trouble) => return Err(explained(trouble)),
            }
        };
        self.lists.insert(name.to_lowercase(), list.clone());
        Ok(FoundList::There(list))
    }

    /// A list of that name is there: made a moment ago by somebody else, or by a call of ours whose answer was lost; or
    /// it is none of these members.
    async fn taken(&self, object: &str, name: &str) -> Result<FoundList, Failure> {
        for reading in 1..=READINGS {
            if let Some(list) = self.list_of_name(object, name).await? {
                return Ok(FoundList::There(list));
            }
            if reading < READINGS {
                sleep(READING_INTERVAL).await;
            }
        }
        Ok(FoundList::NameTaken)
    }

    async fn list_of_name(&self, object: &str, name: &str) -> Result<Option<List>, Failure> {
        if let Some(list) = there(lists::by_name(&self.client, object, name, self.patience).await)? {
            return Ok(Some(list));
        }
        let found = lists::by_name_in_any_case(&self.client, object, name, self.patience).await;
        found.map_err(|trouble| trouble.into_failure("look for a list"))
    }
}

/// The list, or that there is none; everything else is not about the list.
fn there(read: Result<List, Trouble>) -> Result<Option<List>, Failure> {
    match read {
        Ok(list) => Ok(Some(list)),
        Err(trouble) if trouble.says_there_is_none() => Ok(None),
        Err(trouble) => Err(trouble.into_failure("read lists")),
    }
}

/// What a dry run takes for the list it would make: its members are counted, and sent nowhere.
fn on_paper(object: &str, name: &str) -> List {
    List {
        list_id: format!("to be created: {name}"),
        name: name.to_owned(),
        object_type_id: object.to_owned(),
        processing_type: ProcessingType::Manual,
        deleted_at: None,
    }
}

/// What the user has to change when no list can be made.
fn explained(trouble: Trouble) -> Failure {
    let forbidden = trouble.is_forbidden();
    let mut failure = trouble.into_failure("create lists");
    if forbidden {
        failure.kind = Kind::Configuration;
        if !failure.message.contains(SCOPE) {
            failure.message.push_str(&format!(" Creating lists needs the scope {SCOPE}."));
        }
    }
    failure
}
