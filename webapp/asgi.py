"""The ASGI application: pages through Django, websockets through Channels."""

import os

import django
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
django.setup(set_prefix=False)

from webapp.accounts.tokens.bearer_middleware import is_bearer_known  # noqa: E402
from webapp.http.body_limit_middleware import BodyLimit  # noqa: E402  (Django has to be set up before models are imported)
from webapp.http.same_origin_middleware import SameOrigin  # noqa: E402
from webapp.http.streaming_middleware import StreamingHandler  # noqa: E402
from webapp.jobs.consumers import SubjectConsumer, TeamConsumer  # noqa: E402

websocket_urlpatterns = [
    path("ws/teams/<uuid:key>/", TeamConsumer.as_asgi()),
    path("ws/videos/<uuid:key>/", SubjectConsumer.as_asgi()),
    path("ws/datasets/<uuid:key>/", SubjectConsumer.as_asgi()),
    path("ws/training/<uuid:key>/", SubjectConsumer.as_asgi()),
]
application = ProtocolTypeRouter(
    {
        "http": BodyLimit(StreamingHandler(), is_known_otherwise=is_bearer_known),
        "websocket": SameOrigin(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
