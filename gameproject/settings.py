"""All settings; each variable of the environment is read once.

`deploy/env.example` explains the variables; `tests/gameproject/test_settings.py`
compares the two. Without any variable this is the embedded default: SQLite, no Redis,
one process.
"""

from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environs import Env, validate

from gameproject import variables
from gameproject.variables import at_least_one, each, not_negative, rate, some

env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "var")))

# Security

DEBUG = env.bool("DEBUG", False)
DEVELOPMENT_KEY = "for-development-only-never-on-a-server"
SECRET_KEY = env.str("SECRET_KEY", DEVELOPMENT_KEY if DEBUG else "")
if not DEBUG and (len(SECRET_KEY) < 32 or SECRET_KEY == DEVELOPMENT_KEY):
    raise ImproperlyConfigured(
        "SECRET_KEY is missing, short or a known default, and DEBUG is off. Make one: "
        "python -c 'import secrets; print(secrets.token_urlsafe(50))'"
    )
SECRET_KEY_FALLBACKS: list[str] = env.list(
    "SECRET_KEY_FALLBACKS", [], validate=each(variables.secret(32))
)
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS",
    ["127.0.0.1", "localhost", "[::1]"],
    validate=some(variables.host),
)
PUBLIC_ORIGINS: list[str] = env.list(
    "PUBLIC_ORIGINS", [], validate=each(variables.origin)
)
CSRF_TRUSTED_ORIGINS = PUBLIC_ORIGINS
BEHIND_TLS = bool(PUBLIC_ORIGINS) and all(o[:6] == "https:" for o in PUBLIC_ORIGINS)
TRUST_PROXY = env.bool("TRUST_PROXY", False)

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = BEHIND_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
SECURE_HSTS_SECONDS = env.int(
    "HSTS_SECONDS", 3600 if BEHIND_TLS else 0, validate=not_negative
)
# This site can't promise https for its sibling subdomains: W005, W021 don't apply.
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
X_FRAME_OPTIONS = "DENY"

# The policy must name a CDN that serves the static files.
CDN_URL = env.str("CDN_URL", "", validate=variables.cdn_url).rstrip("/")
_FILES = " ".join(filter(None, ["'self'", CDN_URL]))
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        f"script-src {_FILES}",
        f"style-src {_FILES}",
        f"font-src {_FILES}",
        f"img-src {_FILES} data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)

# Applications

INSTALLED_APPS = [
    "daphne",
    "core.admin.site.StaffConfig",
    "users",  # before auth: its createsuperuser asks for a name
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "ninja",
    "games",
    "answers",
    "checkins",
    "batch",
    "gameproject",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "gameproject.middleware.ContentSecurityPolicy",
    "gameproject.middleware.PrivateByDefault",
    "users.renewal.SessionMiddleware",
    "gameproject.middleware.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "gameproject.middleware.Refusals",
]
ROOT_URLCONF = "gameproject.urls"
ASGI_APPLICATION = "gameproject.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Data

DATABASE_URL = env.str("DATABASE_URL", f"sqlite:///{DATA_DIR / 'db.sqlite3'}")
try:
    DATABASES: dict[str, Any] = {"default": dj_database_url.parse(DATABASE_URL)}
except ValueError as error:
    raise ImproperlyConfigured(f"DATABASE_URL can't be read: {error}") from error
ENGINE = DATABASES["default"].get("ENGINE", "").rpartition(".")[2]
if ENGINE not in ("postgresql", "sqlite3"):
    raise ImproperlyConfigured(
        "DATABASE_URL names no PostgreSQL; write postgres://user:password@host/name, "
        "or leave it out for SQLite"
    )
ON_POSTGRES = ENGINE == "postgresql"
_POOL = {
    "max_size": env.int("DB_POOL_MAX", 50, validate=at_least_one),
    "min_size": env.int("DB_POOL_MIN", 5, validate=not_negative),
    "max_idle": env.int("DB_POOL_IDLE_SECONDS", 30, validate=at_least_one),
    "timeout": env.int("DB_POOL_TIMEOUT_SECONDS", 2, validate=at_least_one),
    "max_waiting": env.int("DB_POOL_WAITING", 1000, validate=at_least_one),
}
if _POOL["min_size"] > _POOL["max_size"]:
    raise ImproperlyConfigured("DB_POOL_MIN is more than DB_POOL_MAX")
if ON_POSTGRES:
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"]["OPTIONS"] = {
        "pool": _POOL,
        # random_page_cost: the data is in memory, so index scans are cheap.
        "options": (
            "-c statement_timeout=15000 -c lock_timeout=5000 -c random_page_cost=1.1"
        ),
    }
else:
    try:
        DATA_DIR.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"DATA_DIR can't be made: {error}") from error
    DATABASES["default"]["CONN_MAX_AGE"] = None
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 5,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }

REDIS_URL = env.str("REDIS_URL", "", validate=variables.redis_url)
# Sites that share one Redis each need a prefix of their own.
REDIS_PREFIX = env.str("REDIS_PREFIX", "gp", validate=variables.key_prefix)
if REDIS_URL:
    # redis-py's own defaults drop idle sockets and cap connections at 100.
    _REDIS = {
        "socket_connect_timeout": 1,
        "socket_timeout": 2,
        "max_connections": 50,
        # Seconds to wait for a connection while all are in use.
        "timeout": 5,
    }

    def _redis_cache(forgiving: bool) -> dict[str, Any]:
        return {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": f"{REDIS_PREFIX}-{'cache' if forgiving else 'strict'}",
            "OPTIONS": {
                "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
                # The default pool raises if all are in use, as if Redis were away.
                "CONNECTION_POOL_CLASS": "redis.BlockingConnectionPool",
                "CONNECTION_POOL_KWARGS": _REDIS,
                "IGNORE_EXCEPTIONS": forgiving,
                # `core.cache` logs once, not per request, that Redis is away.
                "LOG_IGNORED_EXCEPTIONS": False,
            },
        }

    # "default" ignores errors; "strict", for limits and locks, raises them.
    CACHES = {"default": _redis_cache(True), "strict": _redis_cache(False)}
    CHANNEL_LAYERS: dict[str, Any] = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {
                "hosts": [
                    {
                        "address": REDIS_URL,
                        "socket_connect_timeout": 1,
                        # A subscriber may wait for a message for any time.
                        "socket_timeout": None,
                        "max_connections": 200,
                        "health_check_interval": 10,
                    }
                ],
                "prefix": REDIS_PREFIX,
            },
        }
    }
else:
    _LOCAL = {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    }
    CACHES = {
        "default": {**_LOCAL, "LOCATION": "default"},
        "strict": {**_LOCAL, "LOCATION": "strict"},
    }
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels.layers.InMemoryChannelLayer",
            "CONFIG": {"capacity": 10_000},
        }
    }
    # With one process local memory is shared enough.
    SILENCED_SYSTEM_CHECKS += ["django_ratelimit.E003", "django_ratelimit.W001"]
# Threads for the database work of the sockets. SQLite has one writer at a time.
SOCKET_THREADS = env.int(
    "SOCKET_THREADS", 8 if ON_POSTGRES else 1, validate=at_least_one
)
# Requests that Django serves at a time, each with a thread and a connection. The pool
# must also serve sockets, shared pages, checks and the scheduler.
_ROOM = max(4, _POOL["max_size"] - SOCKET_THREADS - 12)
PAGES_AT_ONCE = env.int("PAGES_AT_ONCE", min(8, _ROOM), validate=at_least_one)
if ON_POSTGRES and PAGES_AT_ONCE > _ROOM:
    raise ImproperlyConfigured("PAGES_AT_ONCE is more than DB_POOL_MAX leaves room for")
RATELIMIT_USE_CACHE = "strict"

# How long shared values are cached, unless a change invalidates them earlier.
GAME_CACHE_SECONDS = env.int("GAME_CACHE_SECONDS", 120, validate=not_negative)
USER_CACHE_SECONDS = env.int("USER_CACHE_SECONDS", 600, validate=not_negative)

# Players

AUTH_USER_MODEL = "users.Player"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "users.passwords.LengthValidator",
        "OPTIONS": {
            "min_length": env.int(
                "PASSWORD_MIN_LENGTH", 8, validate=validate.Range(1, 128)
            )
        },
    },
    {"NAME": "users.passwords.CommonValidator"},
]
# Argon2 with 19 MiB and 2 passes. The default PBKDF2 takes 0.5 s of CPU per sign-in.
PASSWORD_HASHERS = ["users.hashers.TunedArgon2"]
SESSION_ENGINE = "users.session_store"
SESSION_COOKIE_AGE = env.int("SESSION_DAYS", 60, validate=variables.days) * 24 * 3600
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
SIGN_UP = env.bool("SIGN_UP", True)
NICKNAME_BLOCKLIST: list[str] = env.list(
    "NICKNAME_BLOCKLIST", [], validate=each(variables.text)
)
# Failed sign-ins before the next must wait; see `users.throttle`.
SIGN_IN_FAILURES = {
    "account": env.str("SIGN_IN_FAILURES_ACCOUNT", "10/5m", validate=rate),
    "address": env.str("SIGN_IN_FAILURES_ADDRESS", "300/5m", validate=rate),
}
# Rate limits per player: in a window, and in one second.
RATE_LIMITS = {
    "game": env.list("LIMIT_GAME", ["60/30s", "10/s"], validate=some(rate)),
    "games": env.list("LIMIT_GAMES", ["100/60s", "20/s"], validate=some(rate)),
    "answers": env.list("LIMIT_ANSWERS", ["50/10s", "10/s"], validate=some(rate)),
    "checkins": env.list("LIMIT_CHECKINS", ["30/10s", "5/s"], validate=some(rate)),
    "user": env.list("LIMIT_USER", ["20/10s", "5/s"], validate=some(rate)),
}
# How many strangers may share one address; nothing else tells them apart.
VENUE_SIZE = env.int("VENUE_SIZE", 1000, validate=at_least_one)
# Rate limits of strangers per address; in a burst three times as many.
ADDRESS_LIMITS = {
    "joins": env.str("LIMIT_JOINS", f"{VENUE_SIZE}/1h", validate=rate),
    "sign-ups": env.str("LIMIT_SIGN_UPS", f"{VENUE_SIZE}/1h", validate=rate),
    "batches": env.str("LIMIT_BATCHES", f"{VENUE_SIZE}/1m", validate=rate),
}
# Open sockets per session and per address, in each process.
SOCKETS_PER_SESSION = env.int("SOCKETS_PER_SESSION", 20, validate=at_least_one)
SOCKETS_PER_ADDRESS = env.int(
    "SOCKETS_PER_ADDRESS", 4 * VENUE_SIZE, validate=at_least_one
)

# Operations

# Whoever sends this token may read /metrics; without one only staff may.
METRICS_TOKEN = env.str("METRICS_TOKEN", "", validate=variables.secret(16))

# Languages, time, files

LANGUAGE_CODE = env.str("LANGUAGE_CODE", "en", validate=validate.OneOf(["en", "th"]))
LANGUAGES = [("en", _("English")), ("th", _("Thai"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", "Asia/Bangkok", validate=variables.time_zone)
USE_TZ = True

STATIC_URL = f"{CDN_URL}/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "gameproject.static.HashedStaticFiles"},
}
SERVESTATIC_ALLOW_ALL_ORIGINS = True
# For staff, who save lists of 100,000 names; `boundary` allows others less.
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 << 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {
        "stderr": {"class": "gameproject.ops.logs.BoundedHandler", "formatter": "line"}
    },
    "root": {
        "handlers": ["stderr"],
        "level": env.str("LOG_LEVEL", "INFO", validate=variables.log_level),
    },
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "daphne": {"level": "WARNING"},
        "django.channels.server": {"level": "WARNING"},
    },
}
