"""Expands the SAM template to plain CloudFormation, as the deployment would.

Prints JSON. It needs no AWS account: nothing in the template asks for one.
"""

import argparse
import json
import os
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
TEMPLATE = HERE / "template.yaml"
EMULATOR = HERE / "emulator.toml"

# The translator makes a session of the AWS SDK, which wants a region.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samtranslator.parser.parser import Parser  # noqa: E402
from samtranslator.translator.translator import Translator  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402


def expand(code: str = "s3://code/bootstrap.zip") -> dict:
    """The template without SAM; `code` is where the function's zip lies, because
    CloudFormation takes code from S3 only."""
    template = yaml_parse(TEMPLATE.read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = code
    expanded = Translator(managed_policy_map={}, sam_parser=Parser()).translate(template, {})
    # A template that is no longer SAM must not be transformed a second time.
    expanded.pop("Transform", None)
    return expanded


def for_emulator(expanded: dict) -> dict:
    """The expanded template changed for the emulator as emulator.toml lists it,
    and less the outputs that refer to what is gone."""
    differences = tomllib.loads(EMULATOR.read_text())
    refused = differences["refused"]
    types = {entry.get("type") for entry in refused}
    statements = {entry.get("statement") for entry in refused}
    resources = expanded["Resources"]
    gone = {name for name, resource in resources.items() if resource["Type"] in types}
    for name, resource in resources.items():
        document = resource["Properties"].get("PolicyDocument")
        if document:
            document["Statement"] = [s for s in document["Statement"] if s["Sid"] not in statements]
            if not document["Statement"]:
                gone.add(name)
    expanded["Resources"] = {name: resource for name, resource in resources.items() if name not in gone}
    expanded["Outputs"] = {
        name: output for name, output in expanded["Outputs"].items() if not gone & set(referred(output))
    }
    written_out = {entry["type"] for entry in differences["written_out"]}
    defaults = {n: p["Default"] for n, p in expanded["Parameters"].items() if p["Type"] in written_out}
    expanded["Resources"] = write_out(expanded["Resources"], defaults)
    for name, resource in expanded["Resources"].items():
        left = gone & set(referred(resource)) | gone & set(depends_on(resource))
        if left:
            sys.exit(f"{name} needs {', '.join(sorted(left))}, which emulator.toml takes away")
    return expanded


def write_out(node, values: dict):
    """The same part of a template with a value in the place of each Ref to its name."""
    if isinstance(node, dict):
        if set(node) == {"Ref"} and node["Ref"] in values:
            return values[node["Ref"]]
        return {key: write_out(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [write_out(value, values) for value in node]
    return node


def depends_on(resource: dict) -> list:
    """The logical ids that a resource names in DependsOn."""
    value = resource.get("DependsOn", [])
    return [value] if isinstance(value, str) else value


def referred(node) -> list:
    """The logical ids that any part of a template refers to, Fn::Sub included."""
    if isinstance(node, dict):
        found = [name for value in node.values() for name in referred(value)]
        if set(node) == {"Ref"}:
            found.append(node["Ref"])
        if set(node) == {"Fn::GetAtt"}:
            target = node["Fn::GetAtt"]
            found.append(target.split(".")[0] if isinstance(target, str) else target[0])
        if set(node) == {"Fn::Sub"}:
            text = node["Fn::Sub"] if isinstance(node["Fn::Sub"], str) else node["Fn::Sub"][0]
            found += [part.split("}")[0].split(".")[0] for part in text.split("${")[1:]]
        return found
    if isinstance(node, list):
        return [name for value in node for name in referred(value)]
    return []


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--code", default="s3://code/bootstrap.zip", help="where the function's zip lies")
    arguments.add_argument("--for-emulator", action="store_true", help="without what emulator.toml lists")
    chosen = arguments.parse_args()
    expanded = expand(chosen.code)
    if chosen.for_emulator:
        expanded = for_emulator(expanded)
    # Compact, because CreateStack takes 51,200 bytes at most in one piece.
    json.dump(expanded, sys.stdout, separators=(",", ":"))


if __name__ == "__main__":
    main()
