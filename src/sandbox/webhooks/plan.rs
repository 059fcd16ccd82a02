//! Where a side's webhooks go, and what goes wrong on the way: `PUT /_sandbox/webhooks`.

use fastrand::Rng;
use serde::Deserialize;
use serde_json::{Value, json};

/// What is set for one side. Chances are from 0 to 1.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// None is nowhere.
    pub url: Option<String>,
    /// Delivered twice.
    repeat: f64,
    /// Held back for up to two seconds, so that later ones come first.
    reorder: f64,
    /// Never delivered.
    lose: f64,
    /// Signed with another key.
    forge: f64,
    /// All are this late.
    pub delay_ms: i64,
    /// What the waits before another try are multiplied by.
    pub retry_scale: f64,
    pub seed: u64,
    /// The webhook that stands for this at Growbots.
    #[serde(skip)]
    pub subscription: Option<String>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            url: None,
            repeat: 0.0,
            reorder: 0.0,
            lose: 0.0,
            forge: 0.0,
            delay_ms: 0,
            retry_scale: 1.0,
            seed: 0,
            subscription: None,
        }
    }
}

/// The lot of one webhook that is not lost.
pub struct Lot {
    pub is_repeated: bool,
    pub is_late: bool,
    pub is_forged: bool,
}

impl Plan {
    /// Reads what was given; true stands for always.
    pub fn read(mut given: Value) -> Result<Self, String> {
        if let Some(given) = given.as_object_mut() {
            for name in ["repeat", "reorder", "lose", "forge"] {
                if let Some(Value::Bool(always)) = given.get(name) {
                    let chance = f64::from(u8::from(*always));
                    given.insert(name.into(), chance.into());
                }
            }
        }
        let plan: Self = serde_json::from_value(given).map_err(|error| error.to_string())?;
        let is_url = |url: &String| {
            let scheme = url::Url::parse(url).map(|url| url.scheme().to_owned());
            scheme.is_ok_and(|scheme| scheme == "http")
        };
        let chances = [plan.repeat, plan.reorder, plan.lose, plan.forge];
        if !chances.iter().all(|chance| (0.0..=1.0).contains(chance)) {
            return Err("a chance is from 0 to 1".into());
        }
        if plan.url.as_ref().is_some_and(|url| !is_url(url)) {
            return Err("`url` must be an http URL".into());
        }
        if plan.delay_ms < 0 || plan.retry_scale < 0.0 {
            return Err("`delay_ms` and `retry_scale` must not be negative".into());
        }
        Ok(plan)
    }

    /// What happens to the next webhook; none if it is lost. All chances are drawn each time, so that one does not move the others.
    pub fn draw(&self, rng: &mut Rng) -> Option<Lot> {
        let [is_lost, is_repeated, is_late, is_forged] =
            [self.lose, self.repeat, self.reorder, self.forge].map(|chance| rng.f64() < chance);
        (!is_lost).then_some(Lot {
            is_repeated,
            is_late,
            is_forged,
        })
    }

    /// As the control API shows it.
    pub fn shown(&self) -> Value {
        json!({
            "url": self.url, "repeat": self.repeat, "reorder": self.reorder, "lose": self.lose,
            "forge": self.forge, "delay_ms": self.delay_ms, "retry_scale": self.retry_scale, "seed": self.seed,
        })
    }
}
