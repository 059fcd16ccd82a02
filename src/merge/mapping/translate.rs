//! GHL's names and forms to canonical ones before a merge, and back for what is to be written.

use crate::model::{End, FieldChange, FieldName, FieldType, Kind, Linked, Record, Side, Value};

use super::{Direction, FieldMap, MapEntry, Transform};
use crate::merge::normalise;

/// Growbots' limit for the title of a task, in characters.
const TASK_TITLE_MOST: usize = 255;

/// What an appointment without a title is called in Growbots.
const NO_TITLE: &str = "Appointment";

/// A value that the map cannot carry: nothing is written for its field, on either side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// Which field, by its canonical name.
    pub field: FieldName,
    /// Why, without the value.
    pub why: String,
    /// What the base had: it stays.
    pub base: Option<Value>,
}

/// What there is to know about a link beside its canonical records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Canonical {
    /// Fields that were taken out of all three records.
    pub stuck: Vec<Stuck>,
    /// The title of the GHL task is longer than Growbots takes: it stays whole there, and flows one way.
    pub keeps_title: bool,
}

/// What becomes of a value on its way to the other side and back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoundTrip {
    /// It comes back as it was.
    Kept,
    /// It comes back as this, and stays so.
    Loses(Option<Value>),
    /// It changes with each turn: such a value is never written back.
    Unstable,
    /// A template does not take it.
    Fails(String),
}

impl FieldMap {
    /// Whether records of a kind need no translation.
    pub fn is_plain(&self, kind: Kind) -> bool {
        !self.fields(kind).any(MapEntry::is_translated)
    }

    /// Sets the location's country, for phone numbers that come out of a template.
    pub fn set_country(&mut self, country: &str) {
        self.country = country.into();
    }

    /// Whether a link has to go through [`FieldMap::make_canonical`]; without templates and renamed fields few do.
    pub fn concerns(&self, linked: &Linked) -> bool {
        let ghl = linked.ends.ghl.last_seen();
        !self.is_plain(linked.kind)
            || match linked.kind {
                Kind::Task => ghl.is_some_and(|end| is_long(&end.record)),
                Kind::Appointment => {
                    ghl.is_some_and(|end| end.record.get(&FieldName::Title).is_none())
                }
                Kind::Contact => self.has_status_tags(),
                _ => false,
            }
    }

    /// Brings GHL's end to canonical names and forms. A value that cannot be read is no empty value: its field is
    /// taken out of all three records.
    pub fn make_canonical(&self, linked: &mut Linked) -> Canonical {
        let mut canonical = Canonical::default();
        let kind = linked.kind;
        if let End::Live(end) | End::Gone(end) = &mut linked.ends.ghl {
            canonical.stuck = self.view(kind, &mut end.record);
            if kind == Kind::Task && is_long(&end.record) {
                canonical.keeps_title = true;
                let cut = cut_title(end.record.text(&FieldName::Title));
                end.record.set(FieldName::Title, Value::text(cut));
            }
        }
        self.give_base_the_status_of_ghl(linked);
        // A meeting of Growbots has a title.
        if let (Kind::Appointment, End::Live(end) | End::Gone(end)) = (kind, &mut linked.ends.ghl)
            && end.record.get(&FieldName::Title).is_none()
        {
            end.record.set(FieldName::Title, Value::text(NO_TITLE));
        }
        for stuck in &mut canonical.stuck {
            if let End::Live(end) | End::Gone(end) = &mut linked.ends.growbots {
                end.record.set(stuck.field.clone(), None);
            }
            if let Some(base) = &mut linked.base {
                stuck.base = base.get(&stuck.field).cloned();
                base.set(stuck.field.clone(), None);
            }
        }
        canonical
    }

    /// A GHL record under canonical names and in canonical forms, as screens show it. Gives back what could not be
    /// read.
    pub fn view(&self, kind: Kind, record: &mut Record) -> Vec<Stuck> {
        let translated = self.fields(kind).filter(|entry| entry.is_translated());
        let read: Vec<_> = translated
            .map(|entry| (entry, self.read_ghl(entry, record.get(&entry.ghl))))
            .collect();
        let mut stuck = Vec::new();
        for (entry, value) in read {
            let value = value.unwrap_or_else(|why| {
                stuck.push(Stuck {
                    field: entry.field.clone(),
                    why,
                    base: None,
                });
                None
            });
            record.set(entry.field.clone(), value);
        }
        stuck
    }

    /// The map for a link whose GHL title is longer than Growbots takes.
    pub fn keeping_title(&self) -> Self {
        let mut map = self.clone();
        if let Some(entry) = self.entry(Kind::Task, &FieldName::Title) {
            map.set(entry.clone().direction(Direction::ToGrowbots));
        }
        map
    }

    /// A change as the side writes it. `own` is the record there under its own names; `None` for a create.
    pub fn own_change(
        &self,
        kind: Kind,
        side: Side,
        own: Option<&Record>,
        change: &FieldChange,
    ) -> Result<FieldChange, Stuck> {
        let entry = self.entry(kind, &change.field);
        let Some(entry) = entry.filter(|entry| side == Side::Ghl && entry.is_translated()) else {
            return Ok(change.clone());
        };
        let stuck = |why| Stuck {
            field: change.field.clone(),
            why,
            base: None,
        };
        let to = self.write_ghl(entry, change.to.as_ref()).map_err(stuck)?;
        let back = self.read_ghl(entry, to.as_ref()).map_err(stuck)?;
        if back != change.to {
            return Err(stuck(
                "its value would not come back from GHL as it is in Growbots".into(),
            ));
        }
        Ok(FieldChange {
            field: entry.ghl.clone(),
            from: own.and_then(|own| own.get(&entry.ghl).cloned()),
            to,
        })
    }

    /// The canonical name of a field as a side calls it.
    pub fn canonical_name<'a>(
        &'a self,
        kind: Kind,
        side: Side,
        own: &'a FieldName,
    ) -> &'a FieldName {
        let translated = |entry: &&MapEntry| side == Side::Ghl && entry.ghl == *own;
        self.fields(kind)
            .find(translated)
            .map_or(own, |entry| &entry.field)
    }

    /// GHL's value of a field, canonical; the error says why it cannot be read.
    pub fn read_ghl(&self, entry: &MapEntry, own: Option<&Value>) -> Result<Option<Value>, String> {
        self.carried(entry.kind, entry.to_growbots.as_ref(), own, &entry.field)
    }

    /// What GHL gets for a canonical value.
    pub fn write_ghl(
        &self,
        entry: &MapEntry,
        value: Option<&Value>,
    ) -> Result<Option<Value>, String> {
        self.carried(entry.kind, entry.to_ghl.as_ref(), value, &entry.ghl)
    }

    /// What becomes of a value of GHL that goes to Growbots and comes back.
    pub fn round_trip(&self, entry: &MapEntry, own: Option<&Value>) -> RoundTrip {
        let turn = || -> Result<RoundTrip, String> {
            let there = self.read_ghl(entry, own)?;
            let back = self.write_ghl(entry, there.as_ref())?;
            let again = self.read_ghl(entry, back.as_ref())?;
            Ok(if again != there {
                RoundTrip::Unstable
            } else if back.as_ref() != own {
                RoundTrip::Loses(back)
            } else {
                RoundTrip::Kept
            })
        };
        turn().unwrap_or_else(RoundTrip::Fails)
    }

    fn carried(
        &self,
        kind: Kind,
        through: Option<&Transform>,
        value: Option<&Value>,
        to: &FieldName,
    ) -> Result<Option<Value>, String> {
        let Some(value) = value else { return Ok(None) };
        let value = match through {
            Some(template) => {
                let text = template.apply(value).map_err(|error| error.to_string())?;
                typed(to.ty(), &text)?
            }
            None if has_type(value, to.ty()) => Some(value.clone()),
            None => typed(to.ty(), &value.to_string())?,
        };
        Ok(value.and_then(|value| normalise::value(kind, to, &self.country, value)))
    }
}

fn typed(ty: FieldType, text: &str) -> Result<Option<Value>, String> {
    Value::parse(ty, text).map_err(|bad| format!("its value is not {}", bad.wanted))
}

/// Custom fields, which are text by name, can hold sets.
const fn has_type(value: &Value, ty: FieldType) -> bool {
    matches!(
        (value, ty),
        (Value::Text(_) | Value::Set(_), FieldType::Text)
            | (Value::Text(_), FieldType::Lines)
            | (Value::Bool(_), FieldType::Bool)
            | (Value::Time(_), FieldType::Time)
            | (Value::Set(_), FieldType::Set)
    )
}

fn is_long(task: &Record) -> bool {
    let title = task.text(&FieldName::Title);
    title.len() > TASK_TITLE_MOST && title.chars().nth(TASK_TITLE_MOST).is_some()
}

/// As much of a title as Growbots takes, in canonical form.
fn cut_title(title: &str) -> String {
    let cut: String = title.chars().take(TASK_TITLE_MOST).collect();
    cut.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::merge::support::{linked, record};
    use crate::merge::{Policy, merge_record};

    fn template(source: &str) -> Transform {
        Transform::new(source).unwrap()
    }

    /// The title of a contact, kept in a custom field of GHL and written with capitals in Growbots.
    fn titled() -> FieldMap {
        let mut map = FieldMap::default();
        map.set(MapEntry {
            ghl: FieldName::Custom("job_title".into()),
            to_growbots: Some(template("{{ value | title }}")),
            to_ghl: Some(template("{{ value | lower }}")),
            ..MapEntry::new(Kind::Contact, FieldName::Title).policy(Policy::Newest)
        });
        map
    }

    #[test]
    fn a_value_in_a_custom_field_goes_through_its_template_and_back() {
        let map = titled();
        let own = record(&[("custom.job_title", "head of sales"), ("first_name", "Ann")]);
        let mut link = linked(
            Kind::Contact,
            Some(record(&[("title", "Clerk")])),
            own.clone(),
            record(&[("title", "Clerk"), ("first_name", "Ann")]),
        );
        assert!(map.concerns(&link) && !FieldMap::default().concerns(&link));
        assert_eq!(map.make_canonical(&mut link), Canonical::default());
        let merge = merge_record(&link, &map);
        let write = &merge.writes[0];
        assert_eq!(
            (write.side, write.change.field.clone()),
            (Side::Growbots, FieldName::Title)
        );
        assert_eq!(write.change.to, Value::text("Head Of Sales"));

        let back = FieldChange {
            field: FieldName::Title,
            from: Value::text("Head Of Sales"),
            to: Value::text("Chief Clerk"),
        };
        let change = map.own_change(Kind::Contact, Side::Ghl, Some(&own), &back);
        assert_eq!(
            change,
            Ok(FieldChange {
                field: FieldName::Custom("job_title".into()),
                from: Value::text("head of sales"),
                to: Value::text("chief clerk"),
            })
        );
        let own_name = FieldName::Custom("job_title".into());
        assert_eq!(
            map.canonical_name(Kind::Contact, Side::Ghl, &own_name),
            &FieldName::Title
        );
        assert_eq!(
            map.own_change(Kind::Contact, Side::Growbots, None, &back),
            Ok(back.clone())
        );
    }

    #[test]
    fn a_value_that_would_come_back_changed_is_not_written() {
        let change = FieldChange {
            field: FieldName::Title,
            from: None,
            to: Value::text("VP of IT"),
        };
        let stuck = titled()
            .own_change(Kind::Contact, Side::Ghl, None, &change)
            .unwrap_err();
        assert_eq!(stuck.field, FieldName::Title);
        assert!(!stuck.why.contains("VP"), "{}", stuck.why);
    }

    #[test]
    fn a_value_that_cannot_be_read_is_left_alone_on_both_sides() {
        let mut map = titled();
        let mut entry = map.entry(Kind::Contact, &FieldName::Title).unwrap().clone();
        entry.to_growbots = Some(template("{{ value | int }}"));
        map.set(entry);
        let base = record(&[("title", "7"), ("first_name", "Ann")]);
        let mut link = linked(
            Kind::Contact,
            Some(base.clone()),
            record(&[("custom.job_title", "clerk"), ("first_name", "Ann")]),
            base,
        );
        let seen = map.make_canonical(&mut link);
        assert_eq!(seen.stuck.len(), 1);
        assert_eq!(seen.stuck[0].base, Value::text("7"));
        let merge = merge_record(&link, &map);
        assert_eq!((merge.writes, merge.conflicts), (vec![], vec![]));
    }

    #[test]
    fn names_may_change_places() {
        let mut map = FieldMap::default();
        for (field, ghl) in [("custom.a", "custom.b"), ("custom.b", "custom.a")] {
            map.set(MapEntry {
                ghl: ghl.parse().unwrap(),
                ..MapEntry::new(Kind::Contact, field.parse().unwrap())
            });
        }
        let mut own = record(&[("custom.a", "1"), ("custom.b", "2")]);
        assert_eq!(map.view(Kind::Contact, &mut own), vec![]);
        assert_eq!(own, record(&[("custom.a", "2"), ("custom.b", "1")]));
    }

    #[test]
    fn a_title_that_growbots_cannot_take_is_cut_there_and_stays_whole_in_ghl() {
        let map = FieldMap::default();
        let whole = "é".repeat(300);
        let cut = "é".repeat(255);
        let mut link = linked(
            Kind::Task,
            Some(record(&[("title", &cut)])),
            record(&[("title", &whole)]),
            record(&[("title", "shorter")]),
        );
        assert!(map.concerns(&link));
        let seen = map.make_canonical(&mut link);
        assert!(seen.keeps_title);
        let merge = merge_record(&link, &map.keeping_title());
        assert_eq!(
            (merge.writes, merge.conflicts),
            (vec![], vec![]),
            "an edit stays where it is"
        );
        assert_eq!(merge.held.len(), 1, "and differs");
    }

    #[test]
    fn an_appointment_without_a_title_is_called_one() {
        let map = FieldMap::default();
        let mut link = linked(Kind::Appointment, None, record(&[]), record(&[]));
        assert!(map.concerns(&link));
        map.make_canonical(&mut link);
        let merge = merge_record(&link, &map);
        assert_eq!(merge.writes[0].side, Side::Growbots);
        assert_eq!(merge.writes[0].change.to, Value::text("Appointment"));
    }

    #[test]
    fn a_round_trip_says_what_a_mapping_loses() {
        let map = FieldMap::default();
        for (to_growbots, to_ghl, value, want) in [
            (None, None, "a", RoundTrip::Kept),
            (
                Some("{{ value | title }}"),
                Some("{{ value | lower }}"),
                "clerk",
                RoundTrip::Kept,
            ),
            (
                Some("{{ value | title }}"),
                Some("{{ value | lower }}"),
                "Clerk",
                RoundTrip::Loses(Value::text("clerk")),
            ),
            (Some("{{ value }}!"), None, "a", RoundTrip::Unstable),
            (
                Some("{{ value | int }}"),
                None,
                "a",
                RoundTrip::Fails(String::new()),
            ),
        ] {
            let entry = MapEntry {
                to_growbots: to_growbots.map(template),
                to_ghl: to_ghl.map(template),
                ..MapEntry::new(Kind::Contact, FieldName::Custom("x".into()))
            };
            let got = match map.round_trip(&entry, Value::text(value).as_ref()) {
                RoundTrip::Fails(_) => RoundTrip::Fails(String::new()),
                got => got,
            };
            assert_eq!(got, want, "{to_growbots:?} {to_ghl:?} {value}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
        /// What is written to GHL reads back as what Growbots has, or is not written at all.
        #[test]
        fn what_goes_to_ghl_comes_back_the_same(text in "[ -~é]{0,12}", which in 0..4usize) {
            let (to_growbots, to_ghl) = [
                ("{{ value | title }}", "{{ value | lower }}"),
                ("{{ value }}!", "{{ value }}"),
                ("{{ value | replace('a', 'b') }}", "{{ value | replace('b', 'a') }}"),
                ("{{ value | trim }}", "<{{ value }}>"),
            ][which];
            let mut map = FieldMap::default();
            map.set(MapEntry {
                ghl: FieldName::Custom("x".into()),
                to_growbots: Some(template(to_growbots)),
                to_ghl: Some(template(to_ghl)),
                ..MapEntry::new(Kind::Contact, FieldName::Title)
            });
            let to = Value::text(text).and_then(|to| normalise::value(Kind::Contact, &FieldName::Title, "US", to));
            let change = FieldChange { field: FieldName::Title, from: None, to };
            if let Ok(own) = map.own_change(Kind::Contact, Side::Ghl, None, &change) {
                let entry = map.entry(Kind::Contact, &FieldName::Title).unwrap();
                prop_assert_eq!(map.read_ghl(entry, own.to.as_ref()), Ok(change.to));
            }
        }
    }
}
