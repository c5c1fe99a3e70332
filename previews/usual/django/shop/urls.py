"""Two pages."""

from django.http import HttpResponse
from django.urls import path

from shop.models import Item


def healthz(request):
    return HttpResponse("ok")


def items(request):
    return HttpResponse(", ".join(Item.objects.values_list("name", flat=True)))


urlpatterns = [path("healthz", healthz), path("", items)]
