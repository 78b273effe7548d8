//! A connection to the endpoint as somebody.

use super::endpoint::{Endpoint, Host};
use super::failure::ConnectError;
use super::guard::{Channel, Guarded, GuardedTls, Progress};
use super::tls::Tls;
use super::url::ConnectionUrl;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, NoTls};

/// Who logs in.
#[derive(Clone, Copy)]
pub(super) struct Login<'a> {
    pub user: &'a str,
    pub password: &'a [u8],
}

impl<'a> From<&'a ConnectionUrl<'_>> for Login<'a> {
    fn from(url: &'a ConnectionUrl<'_>) -> Self {
        Self { user: url.user(), password: url.password() }
    }
}

/// A login that was let in.
pub(super) struct Session {
    pub client: Client,
    /// Whether the password was what opened it.
    pub is_proved: bool,
    driver: JoinHandle<()>,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Logs in. The caller bounds the time.
pub(super) async fn connect(
    endpoint: &Endpoint,
    tls: &Tls,
    login: Login<'_>,
) -> Result<Session, ConnectError> {
    let stream = open(endpoint).await.map_err(ConnectError::unreachable)?;
    let mut config = Config::new();
    config.user(login.user).password(login.password).dbname(&endpoint.database);
    config.application_name("v-secure");
    match (tls, &endpoint.host) {
        (Tls::Verify(roots), Host::Net(host)) => {
            let connector = roots.connector().map_err(ConnectError::distrusted)?;
            encrypted(config, stream, connector, host).await
        }
        // The socket's folder is this machine's own: whose it is says who serves there, and TLS is not spoken.
        (Tls::Verify(_), Host::Folder(_)) | (Tls::Off, _) => plain(config, stream).await,
    }
}

async fn encrypted(
    mut config: Config,
    stream: Box<dyn Stream>,
    mut connector: tokio_postgres_rustls::MakeRustlsConnect,
    host: &str,
) -> Result<Session, ConnectError> {
    config.ssl_mode(SslMode::Require);
    let progress = Arc::<Progress>::default();
    let tls = MakeTlsConnect::<Box<dyn Stream>>::make_tls_connect(&mut connector, host);
    let tls = tls.map_err(ConnectError::distrusted)?;
    let guarded = GuardedTls { tls, progress: progress.clone() };
    let connected = config.connect_raw(stream, guarded).await;
    connected
        .map(|parts| begin(parts, &progress))
        .map_err(|error| ConnectError::of(&error, &progress))
}

async fn plain(mut config: Config, stream: Box<dyn Stream>) -> Result<Session, ConnectError> {
    config.ssl_mode(SslMode::Disable);
    let progress = Arc::<Progress>::default();
    let guarded = Guarded::new(stream, Channel::Unknown, progress.clone());
    let connected = config.connect_raw(guarded, NoTls).await;
    connected
        .map(|parts| begin(parts, &progress))
        .map_err(|error| ConnectError::of(&error, &progress))
}

fn begin<S, T>((client, connection): (Client, Connection<S, T>), progress: &Progress) -> Session
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // What it ends with comes to the client, too.
    let driver = tokio::spawn(async move { drop(connection.await) });
    Session { client, is_proved: progress.is_proved(), driver }
}

async fn open(endpoint: &Endpoint) -> io::Result<Box<dyn Stream>> {
    match &endpoint.host {
        Host::Net(host) => {
            let stream = TcpStream::connect((&**host, endpoint.port)).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream))
        }
        #[cfg(unix)]
        Host::Folder(folder) => {
            let socket = std::path::Path::new(folder).join(endpoint.socket());
            Ok(Box::new(tokio::net::UnixStream::connect(socket).await?))
        }
        #[cfg(not(unix))]
        Host::Folder(_) => Err(io::ErrorKind::Unsupported.into()),
    }
}

impl Session {
    /// Says goodbye, so that the server logs no lost connection.
    pub async fn end(self) {
        drop(self.client);
        // It ends in any case when the runtime does.
        let _ = self.driver.await;
    }
}
