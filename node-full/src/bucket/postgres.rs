//! The head in PostgreSQL, for stores that overwrite. One row a number; the database lets one
//! writer insert it.

use std::net::IpAddr;
use std::time::Duration;

use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls};

use super::BucketError;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS cairn_head (place text NOT NULL, \
                     number bigint NOT NULL, head text NOT NULL, PRIMARY KEY (place, number))";
const NEWEST: &str =
    "SELECT number, head FROM cairn_head WHERE place = $1 ORDER BY number DESC LIMIT 1";
const READ: &str = "SELECT head FROM cairn_head WHERE place = $1 AND number = $2";
const INSERT: &str = "INSERT INTO cairn_head (place, number, head) VALUES ($1, $2, $3) \
                      ON CONFLICT DO NOTHING";
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// A database that says which head stands.
#[derive(Debug)]
pub(crate) struct PostgresHeads {
    config: Config,
    /// Where the objects are: one database may keep the heads of many logs.
    place: String,
    /// Host and database, to be named in errors. Never the password.
    host: String,
}

impl PostgresHeads {
    pub(super) fn open(url: &str, place: &str) -> Result<Self, BucketError> {
        let bad = |why: String| BucketError::BadUrl { url: "--publish-head".to_owned(), why };
        let is_one = ["postgres://", "postgresql://"].iter().any(|start| url.starts_with(start));
        if !is_one {
            return Err(bad("write postgres://user@host/database".to_owned()));
        }
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            bad(format!("write postgres://user@host/database: {error}"))
        })?;
        expect_private(&config)?;
        config.connect_timeout(CONNECT_LIMIT);
        if let Ok(password) = std::env::var("PGPASSWORD")
            && config.get_password().is_none()
        {
            config.password(password);
        }
        let host = config.get_hosts().first().map_or_else(String::new, shown);
        let host = format!("{host}/{}", config.get_dbname().unwrap_or_default());
        Ok(Self { config, place: place.to_owned(), host })
    }

    async fn client(&self) -> Result<Client, BucketError> {
        let (client, connection) =
            self.config.connect(NoTls).await.map_err(|error| self.failed(&error))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "PostgreSQL");
            }
        });
        Ok(client)
    }

    pub(super) async fn prepare(&self) -> Result<(), BucketError> {
        let client = self.client().await?;
        client.batch_execute(TABLE).await.map_err(|error| self.failed(&error))
    }

    pub(super) async fn newest(&self) -> Result<Option<(u64, String)>, BucketError> {
        let client = self.client().await?;
        let row = client.query_opt(NEWEST, &[&self.place]).await;
        let row = row.map_err(|error| self.failed(&error))?;
        Ok(row.and_then(|row| {
            let number: i64 = row.get(0);
            Some((u64::try_from(number).ok()?, row.get(1)))
        }))
    }

    pub(super) async fn read(&self, number: u64) -> Result<Option<String>, BucketError> {
        let client = self.client().await?;
        let row = client.query_opt(READ, &[&self.place, &signed(number)]).await;
        Ok(row.map_err(|error| self.failed(&error))?.map(|row| row.get(0)))
    }

    /// Whether this head is the one of its number now.
    pub(super) async fn insert(&self, number: u64, head: &str) -> Result<bool, BucketError> {
        let client = self.client().await?;
        let inserted = client.execute(INSERT, &[&self.place, &signed(number), &head]).await;
        Ok(inserted.map_err(|error| self.failed(&error))? == 1)
    }

    fn failed(&self, error: &tokio_postgres::Error) -> BucketError {
        let said = error.as_db_error().map(ToString::to_string);
        let reason = said.unwrap_or_else(|| with_source(error));
        BucketError::Postgres { host: self.host.clone(), reason }
    }
}

/// Nothing that another machine could listen to goes there in the clear, unless the operator says so.
fn expect_private(config: &Config) -> Result<(), BucketError> {
    let is_near = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    };
    let hosts = config.get_hosts();
    let is_private =
        hosts.iter().all(is_near) && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
    let says_so = config.get_ssl_mode() == SslMode::Disable;
    if config.get_ssl_mode() != SslMode::Require && (is_private || says_so) {
        return Ok(());
    }
    let host = hosts.iter().find(|host| !is_near(host)).or_else(|| hosts.first());
    let host = host.map_or_else(|| "the database".to_owned(), shown);
    Err(BucketError::NoTls { host })
}

fn shown(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    }
}

fn with_source(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// As the database counts; there are never so many.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_on_another_machine_is_not_spoken_to_in_the_clear() {
        let code = |url: &str| match PostgresHeads::open(url, "file:///x") {
            Ok(_) => "ok",
            Err(error) => error.code(),
        };
        for (url, expected) in [
            ("postgres://cairn@127.0.0.1:5432/heads", "ok"),
            ("postgres://cairn@localhost/heads", "ok"),
            ("postgres://cairn@[::1]/heads", "ok"),
            ("postgres://cairn@%2Frun%2Fpostgresql/heads", "ok"),
            ("postgres://cairn@db.example/heads", "postgres-without-tls"),
            ("postgres://cairn@10.0.0.7/heads", "postgres-without-tls"),
            ("postgres://cairn@localhost,db.example/heads", "postgres-without-tls"),
            ("postgres://cairn@localhost/heads?hostaddr=10.0.0.7", "postgres-without-tls"),
            ("postgres://cairn@localhost/heads?sslmode=require", "postgres-without-tls"),
            ("postgres://cairn@db.example/heads?sslmode=prefer", "postgres-without-tls"),
            ("postgres://cairn@db.example/heads?sslmode=disable", "ok"),
            ("mysql://cairn@localhost/heads", "bad-url"),
        ] {
            assert_eq!(code(url), expected, "{url}");
        }
        let refused = PostgresHeads::open("postgres://cairn@db.example/heads", "x").unwrap_err();
        assert!(refused.to_string().contains("db.example"), "{refused}");
    }
}
