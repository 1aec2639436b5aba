import signal
import threading

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Stands for `celery -A shop beat`: says once a minute what is due. There must never be two of it."

    def handle(self, *args, **options):
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        while not stop.wait(60):
            self.stdout.write("due: nothing")
