"""`python -m infra.pipeline STEP`: one step of cloudbuild.yaml. What steps tell one another lies in .pipeline/."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.pipeline import Failed, canary, images, plans, releases, smoke, storage, vulnerabilities
from infra.pipeline.google import Clock, Google, Rest
from infra.pipeline.judging import Limits
from infra.pipeline.monitoring import SETTLE_SECONDS, Monitoring
from infra.pipeline.run import CANDIDATE, STABLE, Run

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
STAGING, PROD = "staging", "prod"


@dataclass(frozen=True)
class Build:
    """What cloudbuild.yaml says in the environment, and the hands to work with."""

    environ: Mapping[str, str]
    google: Google
    clock: Clock
    root: Path = ROOT
    ask: smoke.Ask = smoke.ask

    def __getitem__(self, name: str) -> str:
        value = self.environ.get(name, "")
        if not value:
            raise Failed(f"{name} is not set: cloudbuild.yaml sets it, from the trigger's substitutions")
        return value

    @property
    def environment(self) -> str:
        """Which environment this build deploys to."""
        return self["ENVIRONMENT"]

    @property
    def bucket(self) -> storage.Bucket:
        """Where releases are recorded."""
        return storage.Bucket(self.google, self["RELEASES"])

    @property
    def builds(self) -> storage.Builds:
        """Cloud Build, in the project where this runs."""
        return storage.Builds(self.google, self["PROJECT_ID"], self["LOCATION"])

    def note(self, name: str) -> Path:
        """A file for the steps that come."""
        folder = self.root / ".pipeline"
        folder.mkdir(exist_ok=True)
        return folder / name

    def read(self, name: str) -> Any:
        """What an earlier step noted. Raises Failed when it did not."""
        try:
            return json.loads(self.note(name).read_text())
        except FileNotFoundError:
            raise Failed(f".pipeline/{name} is missing: an earlier step did not run") from None

    def write(self, name: str, document: object) -> None:
        """Note something."""
        self.note(name).write_text(json.dumps(document, indent=2) + "\n")

    @property
    def target(self) -> Target:
        """Where this build deploys to, as Terraform's plan has it."""
        return Target(**self.read("target.json"))

    @property
    def run(self) -> Run:
        """Cloud Run of the environment."""
        target = self.target
        return Run(self.google, self.clock, target.project, target.location)

    def output(self, name: str) -> Any:
        """What Terraform tells after it was applied; None when it does not."""
        return self.read("outputs.json").get(name, {}).get("value")

    def doors(self, changes: Sequence[canary.Change], url: str) -> list[smoke.Door]:
        """The public doors among the services that change, to be asked at this address."""
        public = {each.name: each.room for each in self.run.services() if each.public}
        described = json.loads((self.root / "docs" / "openapi.json").read_text())
        routes = self.output("routes") or ()
        return [
            smoke.Door(
                change.service,
                url,
                smoke.paths(described, public[change.service]),
                smoke.pages(described, [each["path"] for each in routes if each["service"] == change.service]),
            )
            for change in changes
            if change.service in public
        ]


@dataclass(frozen=True)
class Target:
    """An environment: its project, region, and public name."""

    project: str
    location: str
    domain: str

    @property
    def url(self) -> str:
        """Where people reach it."""
        return f"https://{self.domain}"


def rooms(build: Build) -> None:
    """Find out which rooms have an image of these very files, and which must be built."""
    found: dict[str, str] = {}
    lacking: list[str] = []
    if not build.environ.get("RELEASE"):
        registry = images.Registry(build.google, build["REPOSITORY"])
        for room in images.rooms(build.root):
            tag = images.fingerprint(build.root, room, build["PYTHON"])
            image = registry.find(room, tag)
            if image is None:
                lacking.append(f"{room}\t{tag}\n")
            else:
                found[room] = image
            print(f"{room}: {'to be built' if image is None else image}")
    build.write("found.json", found)
    # For shell: a room and its tag a line.
    build.note("build.tsv").write_text("".join(lacking))


def scanned(build: Build) -> None:
    """Judge what the scanner found in the images just built."""
    entries = json.loads((HERE / "accepted-vulnerabilities.json").read_text())
    today = datetime.fromtimestamp(build.clock.time(), UTC).date()
    scans = {path.stem: json.loads(path.read_text()) for path in build.note("scans").glob("*.json")}
    built = [line.split("\t")[0] for line in build.note("build.tsv").read_text().splitlines()]
    if unscanned := sorted(set(built) - set(scans)):
        raise Failed(f"not scanned: {', '.join(unscanned)}")
    stops, told = vulnerabilities.judge(scans, vulnerabilities.exceptions(entries), today)
    for sentence in told:
        print(sentence)
    if stops:
        raise Failed("\n".join(stops))


def release(build: Build) -> None:
    """Write down the image of every room: those built and found, or those of a recorded release."""
    here = images.rooms(build.root)
    wanted = build.environ.get("RELEASE", "")
    if wanted:
        made = releases.promoted(build.bucket, wanted, build["COMMIT_SHA"], here, build["REPOSITORY"])
    elif build.environment == PROD:
        raise Failed("production gets recorded releases only: set _RELEASE to a commit that passed staging")
    else:
        lines = build.note("pushed.tsv").read_text().splitlines()
        pushed = dict(line.split("\t") for line in lines)
        made = releases.assemble(build["COMMIT_SHA"], here, build.read("found.json"), pushed)
    build.write("release.json", made.as_dict())
    build.write("images.tfvars.json", made.tfvars())


def hold(build: Build) -> None:
    """Have the environment to oneself, and refuse to go back in time."""
    storage.lock(build.bucket, build.builds, build.clock, build.environment, build["BUILD_ID"])
    built = build.builds.get(build["BUILD_ID"])["createTime"]
    releases.refuse_older(build.bucket.read(releases.current_path(build.environment)), built)
    build.write("built.json", built)


def planned(build: Build) -> None:
    """Refuse a plan that destroys what holds data; note where it leads."""
    found = build.read("plan.json")
    print(plans.summary(found))
    allowed = [address.strip() for address in build.environ.get("MAY_DESTROY", "").split(",")]
    if refused := plans.refused(found, allowed):
        sentences = (f"{address} would be destroyed: allow it in _MAY_DESTROY, or do not" for address in refused)
        raise Failed("\n".join(sentences))
    build.write("target.json", plans.target(found))


def settle(build: Build) -> None:
    """Pin all traffic to the revisions that serve, by name: so a new one gets none."""
    canary.settle(build.run, [each.name for each in build.run.services()])


def deploy(build: Build) -> None:
    """Give every service and job the image of its room; a new revision must start, and gets no traffic."""
    by_room = {
        room.replace("_", "-"): image for room, image in releases.Release.of(build.read("release.json")).images.items()
    }
    run = build.run
    for kind, found, give in (("service", run.services(), run.give_service), ("job", run.jobs(), run.give_job)):
        for each in found:
            image = by_room.get(each.room)
            if image is None:
                raise Failed(f"the {kind} {each.name} is of the room {each.room}, which has no image in this release")
            if each.image != image:
                print(f"{each.name}: {image}")
                give(each.name, image)


def migrate(build: Build) -> None:
    """Bring about collections, indexes and validators, before any new revision gets a request."""
    for job in sorted((build.output("migrations") or {}).values()):
        print(job)
        build.run.execute(job)


def test_candidates(build: Build) -> None:
    """Every new revision must have started; public ones are asked, where the load balancer has a way to them."""
    run = build.run
    changes = canary.changes(run, [each.name for each in run.services()])
    for change in changes:
        run.split(change.service, {change.old: 100}, {STABLE: change.old, CANDIDATE: change.new})
    url = build.output("candidate_url")
    doors = build.doors(changes, url) if url else []
    wrong = [sentence for door in doors for sentence in smoke.complaints(door, build.ask)]
    if wrong:
        raise Failed("\n".join(wrong))
    started = ", ".join(change.new for change in changes) or "nothing new"
    print(f"started: {started}; asked: {', '.join(door.service for door in doors) or 'none'}")


def shift(build: Build) -> None:
    """Move the traffic step by step, and back at the first sign of trouble."""
    target, run = build.target, build.run
    changes = canary.changes(run, [each.name for each in run.services()])
    build.write("replaced.json", {change.service: change.old for change in changes})
    shopper = smoke.shopper_of(build.google, build["SMOKE_SECRET"], build.ask)
    visit = None
    if build.environment != PROD:
        visit = smoke.visitor(build.doors(changes, target.url), build.clock, target.url, shopper, build.ask)
    bake, patience = float(build["BAKE_SECONDS"]), float(build["PATIENCE_SECONDS"])
    if not SETTLE_SECONDS < bake <= patience:
        raise Failed(f"_BAKE_SECONDS is more than {SETTLE_SECONDS:.0f} and at most _PATIENCE_SECONDS")
    figures = Monitoring(build.google, target.project, target.location)
    limits = Limits(bake=bake, patience=patience)
    canary.Canary(run, figures, build.clock, limits, visit=visit).release(changes)
    if shopper is None:
        print("nobody has scanned here yet: python -m infra.pipeline.first_scan --secret leaves a shopper who does")
    else:
        print(smoke.story(target.url, shopper, build.ask))


def record(build: Build) -> None:
    """Record what the environment runs now; after staging, ask for production. Then let go of the environment."""
    made = releases.Release.of(build.read("release.json"))
    passed = tuple(dict.fromkeys((*made.passed, build.environment)))
    target = build.target
    done = replace(
        made,
        passed=passed,
        built=build.read("built.json"),
        replaced=build.read("replaced.json"),
        project=target.project,
        location=target.location,
    )
    build.bucket.write(releases.path_of(done.commit), done.as_dict())
    build.bucket.write(releases.current_path(build.environment), done.as_dict())
    build.bucket.write(releases.tfvars_path(build.environment), done.tfvars())
    storage.unlock(build.bucket, build.environment, build["BUILD_ID"])
    if build.environment == STAGING and (trigger := build.environ.get("PROMOTION")):
        waiting = build.builds.start(trigger, done.commit, {"_RELEASE": done.commit})
        where = f"--location={build['LOCATION']} --project={build['PROJECT_ID']}"
        print(f"build {waiting} waits for a person: gcloud alpha builds approve {waiting} {where}")


def roll_back(build: Build) -> None:
    """By hand, at any time: everything that the last release replaced serves again, at once."""
    record = build.bucket.read(releases.current_path(build.environment))
    if record is None:
        raise Failed(f"nothing is recorded of {build.environment}")
    done = releases.Release.of(record)
    run = Run(build.google, build.clock, done.project, done.location)
    for service, revision in done.replaced.items():
        run.split(service, {revision: 100}, {STABLE: revision})
        print(f"{service}: {revision}")
    print(f"{len(done.replaced)} services went back to what served before {done.commit}")


STEPS: dict[str, Callable[[Build], None]] = {
    "rooms": rooms,
    "scanned": scanned,
    "release": release,
    "hold": hold,
    "planned": planned,
    "settle": settle,
    "deploy": deploy,
    "migrate": migrate,
    "smoke": test_candidates,
    "canary": shift,
    "record": record,
    "roll-back": roll_back,
}


def main(argv: Sequence[str] | None = None, build: Build | None = None) -> int:
    """One step; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.pipeline",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{name:10} {step.__doc__}" for name, step in STEPS.items()),
    )
    parser.add_argument("step", choices=STEPS, metavar="STEP")
    asked = parser.parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # The build's log shows lines as they are told, not at the end.
        sys.stdout.reconfigure(line_buffering=True)
    try:
        STEPS[asked.step](build or Build(os.environ, Rest(given=os.environ.get("ACCESS_TOKEN", "")), time))
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
