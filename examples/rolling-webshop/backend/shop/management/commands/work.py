import signal
import time

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Stands for `celery -A shop worker`: one job after the other; at SIGTERM it finishes the one in hand."

    def handle(self, *args, **options):
        self.is_stopping = False
        signal.signal(signal.SIGTERM, self.stop)
        while not self.is_stopping:
            time.sleep(0.5)
            self.stdout.write("job done")
        self.stdout.write("stopped after the job in hand")

    def stop(self, *_):
        self.is_stopping = True
