//! What is kept between runs, for each workspace: the tab, filters, orders and cursors. Losing it costs nothing, so a
//! file that cannot be read or written is let be.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::model::{ConflictId, ContactSort, PageKey};

use super::filter;
use super::model::Model;
use super::msg::Tab;
use super::tabs::conflicts::Grouping;
use super::tabs::tasks;
use super::tabs::views::{Column, View};

/// What is kept.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    tab: String,
    filters: BTreeMap<String, String>,
    by_edit: bool,
    columns: Option<Vec<Column>>,
    views: Vec<View>,
    grouping: String,
    tasks: String,
    contact: Option<PageKey>,
    task: Option<PageKey>,
    conflict: Option<ConflictId>,
}

impl Kept {
    /// What a file has; `None` where that cannot be read.
    pub fn load(path: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
    }

    /// Writes it, as a whole or not at all.
    pub fn save(&self, path: &Path) {
        let folder = path.parent().unwrap_or(path);
        let write = || -> std::io::Result<()> {
            fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            serde_json::to_writer(&mut file, self)?;
            file.persist(path)?;
            Ok(())
        };
        if let Err(error) = write() {
            tracing::warn!(%error, "where the dashboard was left is not kept");
        }
    }

    /// Where a model is.
    pub fn of(model: &Model) -> Self {
        let filters = Tab::ALL.into_iter().filter_map(|tab| {
            let text = model.filters.text(tab);
            (!text.is_empty()).then(|| (tab.label().to_owned(), text.to_owned()))
        });
        Self {
            tab: model.tab.label().into(),
            filters: filters.collect(),
            tasks: tasks_view(model.tasks.view).into(),
            by_edit: model.contacts.query.sort == ContactSort::Edited,
            columns: Some(model.contacts.columns.clone()),
            views: model.contacts.views.clone(),
            grouping: model.conflicts.grouping.label().into(),
            contact: model.contacts.current().map(|row| row.key.clone()),
            task: model.tasks.window.current().map(|row| row.key.clone()),
            conflict: model.conflicts.cursor,
        }
    }

    /// Takes a new model there. A filter that is none any more is let go.
    pub fn restore(self, model: &mut Model) {
        for tab in Tab::ALL {
            if let Some(text) = self.filters.get(tab.label()) {
                filter::restore(model, tab, text);
            }
            if tab.label() == self.tab {
                model.tab = tab;
            }
        }
        for (view, name) in tasks::View::ALL {
            if name == self.tasks {
                model.tasks.view = view;
            }
        }
        if self.by_edit {
            model.contacts.query.sort = ContactSort::Edited;
        }
        if let Some(columns) = self.columns {
            model.contacts.columns = columns;
        }
        model.contacts.views = self.views;
        for grouping in Grouping::ALL {
            if grouping.label() == self.grouping {
                model.conflicts.grouping = grouping;
            }
        }
        if let Some(key) = self.contact {
            model.contacts.window.return_to(key);
        }
        if let Some(key) = self.task {
            model.tasks.window.return_to(key);
        }
        model.conflicts.cursor = self.conflict;
    }
}

fn tasks_view(view: tasks::View) -> &'static str {
    let named = tasks::View::ALL.iter().find(|(other, _)| *other == view);
    named.map_or("", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Millis;
    use crate::tui::theme::Theme;
    use crate::tui::times::Times;

    fn model() -> Model {
        let times = Times::new(jiff::tz::TimeZone::UTC, Millis(0));
        Model::new("w".into(), "dana".into(), Theme::mono(), times)
    }

    #[test]
    fn tab_filters_and_cursors_come_back_from_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("couplet").join("w.json");
        assert_eq!(Kept::load(&path), None);
        let kept = Kept {
            tab: "Conflicts".into(),
            filters: BTreeMap::from([
                ("Contacts".into(), "owner:me".into()),
                ("Tasks".into(), "colour:red".into()),
            ]),
            by_edit: true,
            columns: Some(vec![Column::Phone]),
            views: vec![View {
                name: "mine".into(),
                columns: vec![Column::Owner],
                by_edit: false,
                filter: "owner:me".into(),
            }],
            grouping: "record".into(),
            tasks: "Mine".into(),
            contact: Some(PageKey {
                key: "7".into(),
                id: 9,
            }),
            task: None,
            conflict: Some(ConflictId(4)),
        };
        kept.save(&path);
        let mut there = model();
        Kept::load(&path).unwrap().restore(&mut there);
        assert_eq!(there.tab, Tab::Conflicts);
        assert_eq!(there.tasks.view, tasks::View::Mine);
        assert_eq!(there.filters.text(Tab::Contacts), "owner:me");
        assert_eq!(there.contacts.columns, [Column::Phone]);
        assert_eq!(there.contacts.views[0].name, "mine");
        assert_eq!(there.conflicts.grouping, Grouping::Record);
        assert_eq!(there.contacts.query.filter.to_string(), "owner:dana");
        assert_eq!(there.filters.text(Tab::Tasks), "", "no such field");
        assert_eq!(there.contacts.window.cursor.map(|id| id.0), Some(9));
        assert_eq!(there.conflicts.cursor, Some(ConflictId(4)));
        fs::write(&path, "{").unwrap();
        assert_eq!(Kept::load(&path), None);
    }
}
