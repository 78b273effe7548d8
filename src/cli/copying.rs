//! What `secret copy` and `secret rename` share: the write, the journal of reads, the report.

use super::context::Context;
use super::error::Outcome;
use super::meant;
use super::reads::{self, Reading};
use super::variables;
use crate::name::Name;
use crate::ops::copy::{self, CopyRequest};
use serde::Serialize;

pub struct Copying<'a> {
    pub request: CopyRequest,
    /// What the history and the journal of reads call it.
    pub action: &'static str,
    pub reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Report {
    secret: String,
    from: String,
    version: Option<usize>,
    id: Option<String>,
}

pub fn run(context: &Context<'_>, copying: Copying<'_>) -> Outcome {
    let Copying { request, action, reason } = copying;
    let CopyRequest { from, to, .. } = &request;
    let session = context.session()?;
    if let Ok(environment) = Name::new(to.environment()) {
        meant::begin(context, &environment)?;
    }
    let default = format!("{action} {from} to {to}");
    let ((), vault) = context.write(reason, &default, |vault, ctx| {
        let change = copy::copy(vault, &request, ctx)?;
        let reading = Reading {
            who: ctx.who,
            action,
            environment: from.environment(),
            secrets: std::slice::from_ref(from),
            reason,
        };
        reads::record(context, &session, vault, reading)?;
        Ok(((), change))
    })?;
    variables::remark(context, &vault, [to]);
    let current = vault.secret(to).and_then(|found| found.current());
    let report = Report {
        secret: to.to_string(),
        from: from.to_string(),
        version: current.map(|version| version.number),
        id: current.map(|version| version.object.to_string()),
    };
    if context.ui.json {
        return context.ui.object(&report);
    }
    let number = report.version.map_or("none".into(), |number| number.to_string());
    context.ui.note(&match request.rename {
        true => format!(
            "{from} is {to} now, version {number}; its older versions: v-secure secret versions {from}"
        ),
        false => format!("{to}: version {number}, with the value of {from}"),
    });
    Ok(())
}
