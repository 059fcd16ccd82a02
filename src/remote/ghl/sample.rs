//! The sample data of a walk, and how it is taken away again.

use std::cell::{Cell, RefCell};

use serde_json::json;

use crate::model::{Kind, Lane, RecordId};
use crate::remote::{Found, RemoteError, client::Call};

use super::{
    Ghl,
    faults::{fault, is_missing},
};

/// The tag of everything that a walk makes.
pub const TAG: &str = "couplet-check";

/// What a walk makes, noted before it is sent, so that it is found and removed however the walk ends.
#[derive(Debug)]
pub struct Sample {
    /// Sets this walk's records apart from those of others.
    mark: String,
    /// The contact was asked for, and is not known to be gone.
    contact_asked: Cell<bool>,
    contact: RefCell<Option<RecordId>>,
    business_asked: Cell<bool>,
    business: RefCell<Option<RecordId>>,
}

impl Sample {
    /// Sample data marked with `mark`, such as a number that nobody else has.
    pub fn new(mark: impl Into<String>) -> Self {
        Self {
            mark: mark.into(),
            contact_asked: Cell::new(false),
            contact: RefCell::default(),
            business_asked: Cell::new(false),
            business: RefCell::default(),
        }
    }

    /// The contact's address, under a domain that nobody can have.
    pub fn email(&self) -> String {
        format!("{TAG}-{}@example.invalid", self.mark)
    }

    /// The contact's last name, the business's name.
    pub fn name(&self) -> String {
        format!("Check {}", self.mark)
    }

    /// The contact, once it is made.
    pub(super) fn contact(&self) -> Option<RecordId> {
        self.contact.borrow().clone()
    }

    pub(super) fn contact_is_asked(&self) {
        self.contact_asked.set(true);
    }

    pub(super) fn contact_is(&self, id: Option<RecordId>) {
        self.contact_asked.set(id.is_some());
        *self.contact.borrow_mut() = id;
    }

    pub(super) fn business_is_asked(&self) {
        self.business_asked.set(true);
    }

    pub(super) fn business_is(&self, id: Option<RecordId>) {
        self.business_asked.set(id.is_some());
        *self.business.borrow_mut() = id;
    }
}

impl Ghl {
    /// Removes what a walk made and did not remove itself, also where the answer to its making was lost. The contact
    /// takes its tasks and notes along.
    pub async fn clean_up(&self, sample: &Sample) -> Result<(), RemoteError> {
        if sample.contact_asked.get() {
            let made = match sample.contact() {
                Some(id) => vec![id],
                None => {
                    let email = sample.email();
                    let holders = self
                        .read_holders(Lane::Operator, Some(&email), None)
                        .await?;
                    holders.into_iter().map(|holder| holder.id).collect()
                }
            };
            for id in made {
                let call = Call::write("DELETE /contacts/{contactId}", &[id.as_str()]);
                self.remove(Kind::Contact, call).await?;
            }
            sample.contact_is(None);
        }
        if sample.business_asked.get() {
            let known = sample.business.borrow().clone();
            let made = match known {
                Some(id) => Some(id),
                None => self.business_named(&sample.name()).await?,
            };
            if let Some(id) = made {
                let call = Call::write("DELETE /businesses/{businessId}", &[id.as_str()]);
                self.remove(Kind::Business, call).await?;
            }
            sample.business_is(None);
        }
        Ok(())
    }

    async fn remove(&self, kind: Kind, call: Call) -> Result<(), RemoteError> {
        let answer = self.call(Lane::Operator, call).await?;
        if answer.is_ok() || is_missing(&answer) {
            return Ok(());
        }
        Err(fault(&self.client, kind, &answer))
    }

    async fn business_named(&self, name: &str) -> Result<Option<RecordId>, RemoteError> {
        let mut request = crate::remote::PageRequest {
            kind: Kind::Business,
            read: crate::remote::Read::All,
            after: None,
        };
        loop {
            let page = self.read_page(Lane::Operator, &request).await?;
            for row in page.rows {
                let record = &row.snapshot.record;
                if record.text(&crate::model::FieldName::Name) == name {
                    return Ok(Some(row.snapshot.id));
                }
            }
            let Some(next) = page.next else {
                return Ok(None);
            };
            request.after = Some(next);
        }
    }

    /// Whether the other end says that it is a sandbox. Cost: 1 request.
    pub async fn is_sandbox(&self) -> Result<bool, RemoteError> {
        let call = Call::read("GET /locations/{locationId}", &[&self.location]);
        let answer = self.call(Lane::Operator, call).await?;
        // A token that may not read the location may still do the rest.
        match self.checked(Kind::Contact, answer.clone()) {
            Err(error @ RemoteError::Unauthorised { .. }) => Err(error),
            _ => Ok(answer.headers.contains_key("x-couplet-sandbox")),
        }
    }

    /// Whether a record is gone.
    pub(super) async fn is_gone(
        &self,
        kind: Kind,
        parent: Option<&RecordId>,
        id: &RecordId,
    ) -> Result<bool, RemoteError> {
        let found = self.read_one(Lane::Operator, kind, parent, id).await?;
        Ok(!matches!(found, Found::Live(_)))
    }

    /// The contact that a walk makes.
    pub(super) fn sample_body(&self, sample: &Sample) -> serde_json::Value {
        json!({
            "locationId": &*self.location, "firstName": "Couplet", "lastName": sample.name(),
            "email": sample.email(), "source": "couplet doctor", "tags": [TAG],
        })
    }
}
