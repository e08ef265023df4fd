"""Settings of Rollcall; differences between installations come from the environment only (see .env.example)."""

from pathlib import Path

import dj_database_url
from csp.constants import NONCE, SELF
from django.core.exceptions import ImproperlyConfigured
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff

from webapp import env
from webapp.logs import logging_config
from webapp.stores.s3 import Bucket
from webapp.supervisor import queue_socket

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env.folder("ROLLCALL_DATA_DIR", BASE_DIR / "data")
MEDIA_ROOT = env.folder("ROLLCALL_MEDIA_DIR", DATA_DIR / "media")
UPLOAD_DIR = env.folder("ROLLCALL_UPLOAD_DIR", DATA_DIR / "uploads")
"""Unfinished uploads; best on the file system of MEDIA_ROOT: elsewhere a worker copies each that has arrived."""
BUCKET = Bucket(
    name=env.text("ROLLCALL_BUCKET"),
    url=env.text("ROLLCALL_BUCKET_URL"),
    region=env.text("ROLLCALL_BUCKET_REGION"),
    key_id=env.text("ROLLCALL_BUCKET_KEY_ID"),
    secret=env.text("ROLLCALL_BUCKET_SECRET"),
    public_url=env.text("ROLLCALL_BUCKET_PUBLIC_URL"),
)
"""Where media lies instead of MEDIA_ROOT, if it has a name."""
STORE_CACHE_BYTES = env.number("ROLLCALL_BUCKET_CACHE_GB", 20, at_least=1) * 1024**3
EMBEDDERS_DIR = env.folder("ROLLCALL_EMBEDDERS_DIR", DATA_DIR / "embedders")
"""Face models that the operator offers, see `analysis.faces.embedder_files`."""

ALIVE_FILE = Path(env.text("ROLLCALL_ALIVE_FILE")) if env.text("ROLLCALL_ALIVE_FILE") else None
"""Touched every few seconds by each worker and `manage.py reap --forever`."""

DEBUG = env.flag("ROLLCALL_DEBUG")
SECRET_KEY_FILE = DATA_DIR / "secret_key"


def _secret_key() -> str:
    key = env.text("ROLLCALL_SECRET_KEY")
    if not key and SECRET_KEY_FILE.is_file():
        key = SECRET_KEY_FILE.read_text().strip()
    if not key and not DEBUG:
        raise ImproperlyConfigured(
            f"No secret key: set ROLLCALL_SECRET_KEY, or start with ./scripts/run, which makes {SECRET_KEY_FILE}"
        )
    return key or "only-for-development"


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = env.words("ROLLCALL_OLD_SECRET_KEYS", [])
ALLOWED_HOSTS = env.words("ROLLCALL_HOSTS", ["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.words("ROLLCALL_ORIGINS", [])
BEHIND_HTTPS = env.flag("ROLLCALL_HTTPS")
PROXIES = env.networks("ROLLCALL_PROXIES")
"""Who may say for whom, and over what, a request was sent; what others say of that is ignored."""

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "webapp.accounts",
    "webapp.audit",
    "webapp.jobs",
    "webapp.uploads",
    "webapp.videos",
    "webapp.people",
    "webapp.analyses",  # has no models; as an app, Celery finds its tasks
    "webapp.datasets",
    "webapp.training",
    "webapp.recognition",
    "webapp.exports",
    "webapp.sharing",
    "webapp.operation",
    "webapp.supervisor",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "webapp.http.problem_middleware.ProblemsOfApi",
    "webapp.http.caching_middleware.no_store",
    "webapp.accounts.idle_middleware.Sessions",
    "webapp.accounts.idle_middleware.IdleSessions",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "webapp.accounts.tokens.bearer_middleware.BearerTokens",
    "webapp.accounts.scope_middleware.scope_middleware",
    "webapp.accounts.request_limit_middleware.RequestLimit",
    "webapp.accounts.language_middleware.AccountLanguage",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",  # all but views marked `login_not_required`
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "webapp.accounts.second_factor.team_wall_middleware.TeamWall",
    "webapp.accounts.busy_middleware.BusyWithPasswords",
    "webapp.http.no_longer_allowed_middleware.NoLongerAllowed",
    "webapp.http.store_away_middleware.StoreDoesNotAnswer",
    "webapp.audit.origin_middleware.origin_middleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "webapp.urls"
ASGI_APPLICATION = "webapp.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "webapp.accounts.context_processors.current_team",
                "webapp.http.toasts.toasts",
                "webapp.http.full_disk_responses.disk_state",
            ],
            "libraries": {"rollcall": "webapp.templatetags.rollcall"},
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    }
]

DATABASES = {
    "default": dj_database_url.parse(
        env.text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'rollcall.sqlite3'}"), conn_health_checks=True
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 30,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=30000;",
    }
# Which codes of authenticator apps have been used: all web processes have to know, also while Valkey is away.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "shared_cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL") or queue_socket.url_of_running(DATA_DIR) or "redis://127.0.0.1:6379/0"
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        # By default it waits for up to 10 s between two attempts, and pages hear nothing so long.
        "CONFIG": {"hosts": [{"address": REDIS_URL, "retry": Retry(ConstantBackoff(0.5), 2)}]},
    }
}
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)
"""Kombu spells the address of a Unix socket in its own way."""

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "webapp.accounts.passwords.rules.GuessablePasswordValidator"},
]
PASSWORD_HASHERS = ["webapp.accounts.hashers.PatientPasswordHasher"]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "videos:library"
LOGOUT_REDIRECT_URL = "accounts:login"

# Signing in is django-allauth's, of which only the views in `webapp.accounts` are reachable. It finds accounts by the
# backend above, and its own limits, which count in a cache of each process, are off: `throttle_services` counts first.
ACCOUNT_ADAPTER = "webapp.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_ENABLED = False
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGIN_TIMEOUT = 10 * 60
"""Seconds between the password and the second step."""
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
MFA_ADAPTER = "webapp.accounts.second_factor.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
"""Half minutes that a phone's clock may be off."""
MFA_RECOVERY_CODES_SHOW_ONCE = True

OIDC_ISSUER = env.text("ROLLCALL_OIDC_ISSUER")
"""Address of an OpenID Connect provider; off without one."""
OIDC_NAME = env.text("ROLLCALL_OIDC_NAME", "single sign-on")
SOCIALACCOUNT_ADAPTER = "webapp.accounts.oidc.adapter.OidcAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "oidc",
                "name": OIDC_NAME,
                "client_id": env.text("ROLLCALL_OIDC_CLIENT_ID"),
                "secret": env.text("ROLLCALL_OIDC_CLIENT_SECRET"),
                "settings": {"server_url": OIDC_ISSUER},
            }
        ],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = env.text("ROLLCALL_TIME_ZONE", "UTC")

STATIC_URL = "/static/"
STATIC_ROOT = env.folder("ROLLCALL_STATIC_DIR", BASE_DIR / "staticfiles")
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("vendor/tus", BASE_DIR / "node_modules/tus-js-client/dist"),
    ("vendor/turbo", BASE_DIR / "node_modules/@hotwired/turbo/dist"),
    ("vendor/uplot", BASE_DIR / "node_modules/uplot/dist"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": MEDIA_ROOT}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}

LOGGING = logging_config(as_json=env.flag("ROLLCALL_LOG_JSON"))

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "blob:", "data:"],
        "media-src": [SELF, "blob:"],
        "connect-src": [SELF],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": [SELF],
        "frame-ancestors": ["'none'"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = env.number("ROLLCALL_SESSION_HOURS", 12, at_least=1) * 3600
"""Counts from the last thing that a person did, see `webapp.accounts.idle_middleware`."""
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = BEHIND_HTTPS
# Whether a request came over HTTPS the web server tells, which believes only the proxies that are named.
SECURE_SSL_REDIRECT = BEHIND_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^health/(live|ready)$", r"^metrics$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if BEHIND_HTTPS else 0
# Subdomains and browsers' built-in lists are not for us to decide: the operator may run other things there.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

_mail_server = env.mail_server("ROLLCALL_MAIL_URL")
MAIL_IS_ON = _mail_server is not None
"""Without it nothing is sent, and pages offer nothing that needs it."""
DEFAULT_FROM_EMAIL = env.text("ROLLCALL_MAIL_FROM")
if _mail_server:
    if not DEFAULT_FROM_EMAIL:
        raise ImproperlyConfigured("ROLLCALL_MAIL_URL needs ROLLCALL_MAIL_FROM: the address that mail comes from")
    EMAIL_HOST, EMAIL_PORT = _mail_server.host, _mail_server.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail_server.user, _mail_server.password
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail_server.starts_tls, _mail_server.is_tls
EMAIL_TIMEOUT = 20

UPLOAD_MAX_BYTES = env.number("ROLLCALL_UPLOAD_MAX_GB", 20, at_least=1) * 1024**3
UPLOAD_CHUNK_BYTES = 8 * 1024**2
DISK_RESERVE_BYTES = env.number("ROLLCALL_DISK_RESERVE_MB", 1024) * 1024**2
"""Uploads are refused that would leave less free space than this."""

TEAM_QUOTA_BYTES = env.number("ROLLCALL_TEAM_QUOTA_GB", 0) * 1024**3
PERSON_QUOTA_BYTES = env.number("ROLLCALL_PERSON_QUOTA_GB", 0) * 1024**3
"""What a team may store, and a person upload, unless `manage.py set_quota` says otherwise; 0: as the disk holds."""
UNFINISHED_UPLOADS = env.number("ROLLCALL_UNFINISHED_UPLOADS", 50, at_least=1)
"""How many uploads a person may have begun and not completed."""
TRAININGS_PER_PERSON = env.number("ROLLCALL_TRAININGS_PER_PERSON", 20, at_least=1)
TRAININGS_PER_TEAM = env.number("ROLLCALL_TRAININGS_PER_TEAM", 40, at_least=1)
"""How many may wait or run at once."""
EXPORTS_PER_PERSON = env.number("ROLLCALL_EXPORTS_PER_PERSON", 10, at_least=1)
"""How many may wait or run at once."""
EXPORT_DAYS = env.number("ROLLCALL_EXPORT_DAYS", 7, at_least=1)
"""How long what was exported is kept."""
METRICS_TOKEN = env.text("ROLLCALL_METRICS_TOKEN")
"""Whoever sends it reads figures of the whole installation; nobody does without one."""
REQUESTS_PER_MINUTE = env.number("ROLLCALL_REQUESTS_PER_MINUTE", 1200)
"""Of a person, or of a network before anybody signs in; so many at once as well. 0: no limit."""
SOCKETS_PER_PERSON = env.number("ROLLCALL_SOCKETS_PER_PERSON", 40, at_least=1)
"""How many pages get live updates at once."""

AUDIT_DAYS = env.number("ROLLCALL_AUDIT_DAYS", 365, at_least=1)
"""How long entries of the audit log are kept."""
