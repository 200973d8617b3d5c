"""Says, before anything is built or changed, all that a deployment still lacks.

Prints one line for each finding and exits 1 if anything is missing. With
`--overrides FILE` and `--policy-to FILE` it leaves what the deployment needs:
the parameters for SAM and the policy to deploy with.
"""

import argparse
import re
import socket
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from samtranslator.yaml_helper import yaml_parse

HERE = Path(__file__).parent

# What the template asks for; Recipients is given by the policy.
TEMPLATE_PARAMETERS = yaml_parse((HERE / "template.yaml").read_text())["Parameters"]
POLICY_KEY = "config/policy.toml"
# What one receipt rule takes.
MOST_RECIPIENTS = 100


@dataclass
class Findings:
    """What was found, in order; `missing` is what stops a deployment."""

    missing: int = 0
    lines: list = field(default_factory=list)

    def ok(self, text):
        self._add("ok", text)

    def warn(self, text):
        self._add("warn", text)

    def lacks(self, text):
        self.missing += 1
        self._add("missing", text)

    def _add(self, kind, text):
        self.lines.append((kind, text))
        print(f"{kind:8} {text}")


def check_parameters(settings: dict, found: Findings) -> None:
    """The stack's name, the region's presence and the parameters that have no default."""
    stack = settings.get("stack", "")
    # The bucket is STACK-ACCOUNT-REGION, 63 characters at most.
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", stack):
        found.lacks("stack: 1 to 31 small letters, digits and hyphens, because the bucket is named after it")
    if not settings.get("region"):
        found.lacks("region: name one in which SES receives mail, such as ap-northeast-1")
    parameters = settings.get("parameters", {})
    for name, parameter in TEMPLATE_PARAMETERS.items():
        if "Default" not in parameter and name != "Recipients" and not parameters.get(name):
            found.lacks(f"parameters: {name} is not set")
    for name, value in parameters.items():
        if name not in TEMPLATE_PARAMETERS or name == "Recipients":
            found.lacks(f"parameters: {name} is none of the template's parameters that can be set here")
        if re.search(r"[@.]example\.(com|jp|net|org)$", str(value)):
            found.lacks(f"parameters: {name} still has the example's value")
    if parameters.get("OpsEmail", "").endswith("@" + parameters.get("MailDomain", " ")):
        found.lacks("parameters: OpsEmail is on the domain that hansho receives for; its alarms would reach nobody")


def check_policy(policy: dict, parameters: dict, found: Findings) -> list:
    """The addresses in the policy, which become the receipt rule's recipients."""
    people = policy.get("person", {})
    recipients = [address for person in people.values() for address in person.get("addresses", [])]
    domain = parameters.get("MailDomain", "")
    if not recipients:
        found.lacks("policy: no person has an address, so no mail would be received")
    for address in recipients:
        if not address.endswith("@" + domain) or address != address.lower():
            found.lacks(f"policy: {address} must be an address @{domain} in small letters")
    if len(recipients) > MOST_RECIPIENTS:
        found.lacks(f"policy: {len(recipients)} addresses, and a receipt rule takes {MOST_RECIPIENTS}")
    first = parameters.get("FirstPerson")
    if first and first not in people:
        found.lacks(f"policy: FirstPerson is {first}, and there is no [person.{first}]")
    if recipients:
        found.ok(f"policy: {len(recipients)} address(es) of {len(people)} person(s)")
    return recipients


def check_region(region: str, found: Findings, resolve=socket.getaddrinfo) -> None:
    """SES has an inbound mail server exactly where it receives mail."""
    host = f"inbound-smtp.{region}.amazonaws.com"
    try:
        resolve(host, 25)
        found.ok(f"region: {host} exists")
    except OSError:
        found.lacks(f"region: {host} is not in the DNS; SES receives no mail in {region}, or this machine is offline")


def check_domain(ses, domain: str, found: Findings) -> None:
    """The domain, or one above it, must be a verified identity in this region."""
    labels = domain.split(".")
    pending = None
    for start in range(len(labels) - 1):
        name = ".".join(labels[start:])
        try:
            identity = ses.get_email_identity(EmailIdentity=name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NotFoundException":
                raise
            continue
        if identity.get("VerifiedForSendingStatus"):
            found.ok(f"domain: {name} is verified")
            return
        pending = pending or name
    if pending:
        found.warn(f"domain: {pending} is not verified yet; SES receives nothing for it until its DNS records are found")
    else:
        found.lacks(
            f"domain: {domain} is not known to SES here: aws sesv2 create-email-identity --email-identity {domain}, "
            "then set the three CNAME records that it prints"
        )


def check_rule_set(ses, stack: str, existing: str, found: Findings) -> None:
    """Only one rule set is active, and it is never taken from whoever has it."""
    active = ses.describe_active_receipt_rule_set().get("Metadata", {}).get("Name")
    if existing and active != existing:
        found.lacks(f"rule set: ExistingRuleSet is {existing}, but {active or 'none'} is active")
    elif not existing and active not in (None, stack):
        found.lacks(f"rule set: {active} is active and is left alone; set ExistingRuleSet = \"{active}\"")
    else:
        found.ok(f"rule set: {existing or stack}")


def check_sms(sns, parameters: dict, found: Findings) -> None:
    """What would stop an SMS without anybody being told."""
    number = parameters.get("FirstPersonSms")
    if not number:
        return
    if sns.get_sms_sandbox_account_status()["IsInSandbox"]:
        verified = {
            entry["PhoneNumber"]
            for page in sns.get_paginator("list_sms_sandbox_phone_numbers").paginate()
            for entry in page["PhoneNumbers"]
            if entry["Status"] == "Verified"
        }
        if number not in verified:
            found.warn("sms: this account is in the SMS sandbox and the number is not verified; docs/deploy.md, \"SMS\"")
    limit = float(sns.get_sms_attributes(attributes=["MonthlySpendLimit"])["attributes"].get("MonthlySpendLimit", 1))
    if float(parameters.get("SmsAlarmUsd", 0.5)) > limit / 2:
        found.warn(f"sms: the monthly limit is {limit:g} USD; set SmsAlarmUsd to {limit / 2:g}, or the alarm comes late")


def read_policy(s3, bucket: str, given, found: Findings):
    """The policy to deploy with: the one given; else the bucket's, which is its
    home; else, the first time, infra/policy.toml."""
    if given:
        found.ok(f"policy: {given}, which replaces the one in the bucket")
        return Path(given).read_text()
    try:
        text = s3.get_object(Bucket=bucket, Key=POLICY_KEY)["Body"].read().decode()
        found.ok(f"policy: the one in the bucket, s3://{bucket}/{POLICY_KEY}")
        return text
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("NoSuchBucket", "NoSuchKey"):
            raise
    first = HERE / "policy.toml"
    if first.exists():
        found.ok("policy: infra/policy.toml, the first one")
        return first.read_text()
    found.lacks("policy: none yet; copy infra/policy.example.toml to infra/policy.toml and fill it in")
    return None


def check_account(settings: dict, chosen, found: Findings):
    """All that needs AWS. Returns the policy's text and its addresses."""
    region, stack = settings["region"], settings["stack"]
    parameters = settings.get("parameters", {})
    session = boto3.Session(region_name=region)
    try:
        account = session.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        found.lacks(f"credentials: none that AWS takes ({error}); try: aws configure")
        return None, []
    found.ok(f"credentials: account {account}, region {region}")
    try:
        check_domain(session.client("sesv2"), parameters["MailDomain"], found)
        check_rule_set(session.client("ses"), stack, parameters.get("ExistingRuleSet", ""), found)
        check_sms(session.client("sns"), parameters, found)
        text = read_policy(session.client("s3"), f"{stack}-{account}-{region}", chosen.policy, found)
    except (BotoCoreError, ClientError) as error:
        found.lacks(f"permissions: {error}")
        return None, []
    try:
        policy = tomllib.loads(text) if text else None
    except tomllib.TOMLDecodeError as error:
        found.lacks(f"policy: not TOML: {error}")
        policy = None
    return text, check_policy(policy, parameters, found) if policy is not None else []


def overrides(parameters: dict, recipients: list) -> str:
    """Every parameter as NAME=VALUE, the defaults too: what SAM is not told keeps
    the value of the last deployment, and a line taken out of the file would
    change nothing."""
    defaults = {name: p["Default"] for name, p in TEMPLATE_PARAMETERS.items() if "Default" in p}
    values = defaults | parameters | {"Recipients": ",".join(recipients)}
    # SAM takes an empty value in quotes only.
    quoted = {name: '""' if value == "" else value for name, value in values.items()}
    return "".join(f"{name}={value}\n" for name, value in quoted.items())


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--parameters", type=Path, default=HERE / "parameters.toml")
    arguments.add_argument("--policy", type=Path, help="a policy to put in the place of the one in the bucket")
    arguments.add_argument("--policy-to", type=Path, help="where to leave the policy that is deployed with")
    arguments.add_argument("--overrides", type=Path, help="where to leave the parameters, one NAME=VALUE a line")
    chosen = arguments.parse_args()
    found = Findings()
    try:
        settings = tomllib.loads(chosen.parameters.read_text())
    except FileNotFoundError:
        found.lacks(f"parameters: copy infra/parameters.example.toml to {chosen.parameters} and fill it in")
        return 1
    except tomllib.TOMLDecodeError as error:
        found.lacks(f"parameters: {chosen.parameters} is not TOML: {error}")
        return 1
    check_parameters(settings, found)
    text, recipients = None, []
    if not found.missing:
        check_region(settings["region"], found)
        text, recipients = check_account(settings, chosen, found)
    if found.missing:
        print(f"\n{found.missing} thing(s) missing; nothing was changed.", file=sys.stderr)
        return 1
    if chosen.policy_to:
        chosen.policy_to.write_text(text)
    if chosen.overrides:
        chosen.overrides.write_text(overrides(settings["parameters"], recipients))
    return 0


if __name__ == "__main__":
    sys.exit(main())
