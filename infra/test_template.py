"""What the expanded template must say, beyond what linters know.

Above all what no emulator can see: enum values that AWS alone checks, the
permission to publish, the order of the bucket policy and the receipt rule.
"""

import json
import re
import tomllib
from pathlib import Path

import pytest

from expand import EMULATOR, depends_on, expand, for_emulator, referred

HERE = Path(__file__).parent
TEMPLATE = expand()
RESOURCES = TEMPLATE["Resources"]
ALARMS = {name: r["Properties"] for name, r in RESOURCES.items() if r["Type"] == "AWS::CloudWatch::Alarm"}

# What the function reads from its environment: no more, no less.
ENVIRONMENT = {
    "HANSHO_DELETE_SETTLED",
    "HANSHO_KEY_PREFIX",
    "HANSHO_LEASE_SECONDS",
    "HANSHO_LOG",
    "HANSHO_OPS_TOPIC_ARN",
    "HANSHO_POLICY",
    "HANSHO_TABLE",
    "HANSHO_TOPIC_ARN",
}

# All that the function may do. Take one away and it fails on AWS; the emulator
# would not notice the loss of sns:Publish or s3:ListBucket.
PERMISSIONS = {
    ("sqs:ReceiveMessage", "MailQueue.Arn"),
    ("sqs:DeleteMessage", "MailQueue.Arn"),
    ("sqs:GetQueueAttributes", "MailQueue.Arn"),
    ("sqs:ChangeMessageVisibility", "MailQueue.Arn"),
    ("s3:GetObject", "${Bucket.Arn}/mail/*"),
    ("s3:DeleteObject", "${Bucket.Arn}/mail/*"),
    ("s3:GetObject", "${Bucket.Arn}/drill/*"),
    ("s3:DeleteObject", "${Bucket.Arn}/drill/*"),
    ("s3:GetObject", "${Bucket.Arn}/config/policy.toml"),
    ("s3:GetObject", "${Bucket.Arn}/config/policy.toml.last-good"),
    ("s3:PutObject", "${Bucket.Arn}/config/policy.toml.last-good"),
    ("s3:ListBucket", "Bucket.Arn"),
    ("dynamodb:PutItem", "Table.Arn"),
    ("dynamodb:Query", "Table.Arn"),
    ("dynamodb:UpdateItem", "Table.Arn"),
    ("dynamodb:GetItem", "Table.Arn"),
    ("dynamodb:Query", "${Table.Arn}/index/due"),
    ("sns:Publish", "AlertTopic"),
    ("sns:Publish", "OpsTopic"),
    ("sns:ListSubscriptionsByTopic", "AlertTopic"),
    ("sns:GetSubscriptionAttributes", "*"),
    ("logs:CreateLogStream", "FunctionLog.Arn"),
    ("logs:PutLogEvents", "FunctionLog.Arn"),
    # Only with a key of the deployer's own.
    ("kms:Decrypt", "OpsTopicKeyArn"),
    ("kms:GenerateDataKey", "OpsTopicKeyArn"),
}


def properties(name):
    return RESOURCES[name]["Properties"]


def as_list(value):
    return value if isinstance(value, list) else [value]


def statements(document):
    """The statements of a policy, those that a condition adds included."""
    for statement in document["Statement"]:
        yield statement["Fn::If"][1] if "Fn::If" in statement else statement


def written(value):
    """An ARN of the template as text: `Logical.Attribute`, `Logical` or the pattern of Fn::Sub."""
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    return ".".join(argument) if function == "Fn::GetAtt" else argument


def granted(role):
    return {
        (action, written(resource))
        for policy in properties(role)["Policies"]
        for statement in statements(policy["PolicyDocument"])
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


def seconds(text):
    count, unit = re.fullmatch(r"rate\((\d+) (minute|hour)s?\)", text).groups()
    return int(count) * {"minute": 60, "hour": 3600}[unit]


# ------------------------------------------------------------------- receiving


def test_the_bucket_tells_the_queue_of_every_new_mail_and_drill_and_of_nothing_else():
    notification = properties("Bucket")["NotificationConfiguration"]
    assert notification == {
        "QueueConfigurations": [
            {
                "Event": "s3:ObjectCreated:*",
                "Queue": {"Fn::GetAtt": ["MailQueue", "Arn"]},
                "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": prefix}]}},
            }
            for prefix in ("mail/", "drill/")
        ]
    }


def test_rule_notification_lifecycle_and_function_agree_on_the_prefix():
    (store, _) = properties("ReceiptRule")["Rule"]["Actions"]
    lifecycle = {r["Id"]: r for r in properties("Bucket")["LifecycleConfiguration"]["Rules"]}
    prefix = properties("Function")["Environment"]["Variables"]["HANSHO_KEY_PREFIX"]
    assert prefix == "mail/"
    assert store["S3Action"]["ObjectKeyPrefix"] == prefix
    assert lifecycle["mail-expires"]["Prefix"] == prefix


def test_nothing_expires_what_lies_under_config():
    rules = properties("Bucket")["LifecycleConfiguration"]["Rules"]
    assert [r["Prefix"] for r in rules if "ExpirationInDays" in r] == ["mail/", "drill/"]


def test_the_queue_may_be_told_before_the_bucket_is_made_and_the_rule_comes_after_the_bucket_policy():
    assert "MailQueuePolicy" in depends_on(RESOURCES["Bucket"])
    assert "BucketPolicy" in depends_on(RESOURCES["ReceiptRule"])
    assert "ReceiptRule" in depends_on(RESOURCES["Activation"])


def test_the_queue_policy_names_the_bucket_by_the_name_it_gets():
    name = properties("Bucket")["BucketName"]["Fn::Sub"]
    allow = properties("MailQueuePolicy")["PolicyDocument"]["Statement"][0]
    assert allow["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::Sub"] == "arn:${AWS::Partition}:s3:::" + name


def test_only_our_rule_may_write_and_only_mail():
    allow = [s for s in properties("BucketPolicy")["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"]
    assert len(allow) == 1
    assert allow[0]["Principal"] == {"Service": "ses.amazonaws.com"}
    assert allow[0]["Action"] == "s3:PutObject"
    assert written(allow[0]["Resource"]) == "${Bucket.Arn}/mail/*"
    arn, names = allow[0]["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::Sub"]
    assert arn.endswith(":receipt-rule-set/${Set}:receipt-rule/${AWS::StackName}")
    assert names["Set"]["Fn::If"] == ["OwnRuleSet", {"Ref": "AWS::StackName"}, {"Ref": "ExistingRuleSet"}]
    assert properties("ReceiptRule")["Rule"]["Name"] == {"Ref": "AWS::StackName"}
    assert properties("ReceiptRuleSet")["RuleSetName"] == {"Ref": "AWS::StackName"}
    assert "aws:SourceAccount" in allow[0]["Condition"]["StringEquals"]


def test_nobody_but_the_function_and_a_named_reader_may_read_a_mail():
    (deny,) = [s for s in properties("BucketPolicy")["PolicyDocument"]["Statement"] if s["Sid"] == "OnlyTheFunctionReadsMail"]
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "s3:GetObject")
    function, reader = deny["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
    assert function == {"Fn::GetAtt": ["FunctionRole", "Arn"]}
    assert reader["Fn::If"] == ["HasMailReader", {"Ref": "MailReaderArn"}, {"Ref": "AWS::NoValue"}]


def test_the_rule_takes_exact_addresses_scans_and_takes_mail_without_tls():
    rule = properties("ReceiptRule")["Rule"]
    assert rule["Recipients"] == {"Ref": "Recipients"}
    pattern = re.compile(TEMPLATE["Parameters"]["Recipients"]["AllowedPattern"])
    assert pattern.match("a@mail.example.com")
    assert not pattern.match("mail.example.com"), "a bare domain would take every guessed address"
    assert rule["ScanEnabled"] is True
    assert rule["TlsPolicy"] == "Optional"
    assert "KmsKeyArn" not in rule["Actions"][0]["S3Action"], "SES would encrypt where Rust cannot decrypt"


def test_the_switch_turns_the_rule_off_and_on():
    assert properties("ReceiptRule")["Rule"]["Enabled"] == {"Fn::If": ["IsReceiving", True, False]}
    assert TEMPLATE["Conditions"]["IsReceiving"] == {"Fn::Equals": [{"Ref": "Receiving"}, "on"]}


def test_with_an_existing_rule_set_nothing_is_made_that_could_activate():
    ours = {"ReceiptRuleSet", "Activation", "ActivationFunction", "ActivationRole", "ActivationLog"}
    assert {n for n, r in RESOURCES.items() if r.get("Condition") == "OwnRuleSet"} == ours


# ---------------------------------------------------------------- queue, timing


def test_the_times_fit_together():
    function, queue = properties("Function"), properties("MailQueue")
    lease = int(function["Environment"]["Variables"]["HANSHO_LEASE_SECONDS"])
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert lease > function["Timeout"], "a lease must outlive whoever took it"
    lifecycle = properties("Bucket")["LifecycleConfiguration"]["Rules"]
    (expiry,) = [r["ExpirationInDays"] for r in lifecycle if r.get("Prefix") == "mail/"]
    dead_letters = properties("DeadLetterQueue")["MessageRetentionPeriod"]
    assert dead_letters == 14 * 86400
    assert expiry * 86400 > dead_letters > queue["MessageRetentionPeriod"]
    sweep = seconds(properties("Sweep")["ScheduleExpression"])
    assert sweep == 300
    assert properties("FunctionEventInvokeConfig")["MaximumEventAgeInSeconds"] < sweep


def test_the_mapping_reports_single_failures_and_is_limited():
    mapping = properties("FunctionMail")
    assert mapping["BatchSize"] == 10
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "MaximumConcurrency"}}
    assert mapping.get("MaximumBatchingWindowInSeconds", 0) == 0, "an alarm does not wait for a fuller batch"


def test_reserved_concurrency_is_off_unless_asked_for():
    reserved = properties("Function")["ReservedConcurrentExecutions"]
    assert reserved["Fn::If"][2] == {"Ref": "AWS::NoValue"}
    assert TEMPLATE["Parameters"]["ReservedConcurrency"]["Default"] == 0


def test_both_queues_are_encrypted_with_a_key_that_s3_can_write_under():
    for name in ("MailQueue", "DeadLetterQueue"):
        assert properties(name)["SqsManagedSseEnabled"] is True
        assert "KmsMasterKeyId" not in properties(name)


# ------------------------------------------------------------------ the function


def test_the_environment_is_what_the_function_reads():
    assert set(properties("Function")["Environment"]["Variables"]) == ENVIRONMENT


def test_what_the_function_reads_is_what_its_source_names():
    source = [HERE.parent / "src/bin/bootstrap.rs", *(HERE.parent / "src/edges/lambda").rglob("*.rs")]
    named = {name for path in source for name in re.findall(r'"(HANSHO_[A-Z_]+)"', path.read_text())}
    assert named == ENVIRONMENT
    # What is handed to a program that somebody has `watch` start is not read here.
    everywhere = {
        name
        for path in (HERE.parent / "src").rglob("*.rs")
        for name in re.findall(r'(?<!\.env\()"(HANSHO_[A-Z_]+)"', path.read_text())
    }
    assert everywhere == named, "the environment is read by the function's own edge only"


def test_nothing_from_outside_can_be_a_drill():
    allow = [s for s in properties("BucketPolicy")["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"]
    assert [written(s["Resource"]) for s in allow] == ["${Bucket.Arn}/mail/*"]
    drill = (HERE.parent / "src/policy/drill.rs").read_text()
    assert 'pub const PREFIX: &str = "drill/";' in drill


def test_the_function_is_a_bootstrap_for_al2023():
    function = properties("Function")
    assert (function["Runtime"], function["Handler"]) == ("provided.al2023", "bootstrap")


def test_the_function_may_do_all_it_must_and_nothing_else():
    assert granted("FunctionRole") == PERMISSIONS


def test_listing_is_for_telling_gone_from_forbidden_only():
    (listing,) = [
        s
        for p in properties("FunctionRole")["Policies"]
        for s in statements(p["PolicyDocument"])
        if s["Action"] == "s3:ListBucket"
    ]
    assert listing["Condition"] == {"StringLikeIfExists": {"s3:prefix": ["mail/*", "drill/*", "config/policy.toml*"]}}


@pytest.mark.parametrize("role", [n for n, r in RESOURCES.items() if r["Type"] == "AWS::IAM::Role"])
def test_no_role_has_a_wildcard_action_or_a_managed_policy(role):
    assert granted(role)
    assert not [action for action, _ in granted(role) if "*" in action]
    assert "ManagedPolicyArns" not in properties(role)


@pytest.mark.parametrize("role", [n for n, r in RESOURCES.items() if r["Type"] == "AWS::IAM::Role"])
def test_only_what_has_no_resource_is_allowed_on_any(role):
    anywhere = {action for action, resource in granted(role) if resource == "*"}
    assert anywhere <= {
        "ses:DescribeActiveReceiptRuleSet",
        "ses:SetActiveReceiptRuleSet",
        "sns:GetSubscriptionAttributes",
    }


def test_the_sweep_calls_the_function_with_the_word_it_knows():
    target = properties("Sweep")["Target"]
    assert json.loads(target["Input"]) == {"hansho": "sweep"}
    assert granted("SweepRole") == {("lambda:InvokeFunction", "Function.Arn")}


# -------------------------------------------------------------------- the ledger


def test_the_table_has_the_keys_and_the_sparse_index_of_the_ledger():
    table = properties("Table")
    assert table["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    (index,) = table["GlobalSecondaryIndexes"]
    assert index == {
        "IndexName": "due",
        "KeySchema": [
            {"AttributeName": "due_pk", "KeyType": "HASH"},
            {"AttributeName": "due_at_ms", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    types = {a["AttributeName"]: a["AttributeType"] for a in table["AttributeDefinitions"]}
    assert types == {"pk": "S", "sk": "S", "due_pk": "S", "due_at_ms": "N"}
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


def test_an_update_never_destroys_rows_or_mails():
    for name in ("Table", "Bucket"):
        assert RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


def test_a_deletion_leaves_nothing_behind():
    retained = [n for n, r in RESOURCES.items() if r.get("DeletionPolicy", "Delete") != "Delete"]
    assert retained == []


# ------------------------------------------------------------- topics and alarms


@pytest.mark.parametrize("name, channel", [("FirstSms", "sms"), ("FirstEmail", "email")])
def test_a_subscription_gets_one_person_on_one_channel(name, channel):
    subscription = properties(name)
    assert subscription["Protocol"] == channel
    assert subscription["FilterPolicy"] == {"person": [{"Ref": "FirstPerson"}], "channels": [channel]}


def test_every_subscription_of_the_alert_topic_is_filtered():
    for name, resource in RESOURCES.items():
        if resource["Type"] == "AWS::SNS::Subscription" and resource["Properties"]["TopicArn"] == {"Ref": "AlertTopic"}:
            assert "FilterPolicy" in resource["Properties"], f"{name} would get everybody's alerts"


def test_the_alert_topic_puts_nothing_before_an_sms():
    assert "DisplayName" not in properties("AlertTopic"), "SNS sends it, and '> ', before every SMS"


def test_alerts_are_encrypted_and_cloudwatch_can_publish_to_the_ops_topic():
    assert properties("AlertTopic")["KmsMasterKeyId"] == "alias/aws/sns"
    # CloudWatch cannot use SNS's own key, so the ops topic has none or the deployer's.
    assert properties("OpsTopic")["KmsMasterKeyId"] == {"Fn::If": ["HasOpsTopicKey", {"Ref": "OpsTopicKeyArn"}, {"Ref": "AWS::NoValue"}]}
    (allow,) = [
        s
        for s in properties("OpsTopicPolicy")["PolicyDocument"]["Statement"]
        if s["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    ]
    assert (allow["Effect"], allow["Action"], allow["Resource"]) == ("Allow", "sns:Publish", {"Ref": "OpsTopic"})


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_tells_the_deployer_what_to_do(name):
    alarm = ALARMS[name]
    assert alarm["AlarmActions"] == [{"Ref": "OpsTopic"}]
    assert alarm["TreatMissingData"] in ("notBreaching", "breaching")
    assert len(alarm["AlarmDescription"]) <= 1024
    # The ops topic lets this stack's alarms in by their name.
    short = alarm["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
    assert "${" not in short
    assert alarm["AlarmDescription"].endswith(f'docs/operate.md, "{short}".')
    operate = (HERE.parent / "docs" / "operate.md").read_text()
    assert f"\n### {short}\n" in operate, "each alarm has a section of its name"


def test_there_is_an_alarm_for_each_way_to_fail():
    watched = {(a["Namespace"], a["MetricName"]) for a in ALARMS.values()}
    assert watched == {
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
        ("AWS/SQS", "NumberOfMessagesSent"),
        ("AWS/Lambda", "Errors"),
        ("AWS/Lambda", "Throttles"),
        ("AWS/Lambda", "Duration"),
        ("AWS/Lambda", "Invocations"),
        ("AWS/SNS", "NumberOfNotificationsFailed"),
        ("AWS/SNS", "SMSMonthToDateSpentUSD"),
        ("hansho", "Unrouted"),
        ("hansho", "PolicyErrors"),
    }


def test_the_duration_alarm_rings_before_the_timeout():
    assert ALARMS["DurationAlarm"]["Threshold"] < properties("Function")["Timeout"] * 1000


def test_the_dashboard_is_json_and_shows_every_alarm():
    body = properties("Dashboard")["DashboardBody"]["Fn::Sub"]
    widgets = json.loads(body)["widgets"]
    (alarms,) = [w["properties"]["alarms"] for w in widgets if w["type"] == "alarm"]
    assert sorted(alarms) == sorted(f"${{{name}.Arn}}" for name in ALARMS)


# -------------------------------------------------------- what goes with the template


def test_the_template_fits_into_one_call_of_the_emulator():
    assert len(json.dumps(TEMPLATE, separators=(",", ":"))) < 51_200


def test_without_what_the_emulator_refuses_nothing_refers_to_what_is_gone():
    reduced = for_emulator(expand())
    known = set(reduced["Resources"]) | set(reduced["Parameters"])
    names = {n for n in referred(reduced["Resources"]) if "::" not in n}
    # Fn::Sub brings names of its own in one place.
    assert names - known == {"Set"}
    refused = {entry.get("type") for entry in tomllib.loads(EMULATOR.read_text())["refused"]}
    assert not refused & {r["Type"] for r in reduced["Resources"].values()}


def test_the_example_has_every_parameter_and_no_other():
    text = (HERE / "parameters.example.toml").read_text()
    offered = set(re.findall(r"^#? ?([A-Z][A-Za-z]+) = ", text, re.MULTILINE))
    # The addresses come from the policy.
    assert offered == set(TEMPLATE["Parameters"]) - {"Recipients"}
    defaults = {
        name: p["Default"] for name, p in TEMPLATE["Parameters"].items() if p.get("Default") not in (None, "")
    }
    uncommented = tomllib.loads(re.sub(r"^# ([A-Z][A-Za-z]+ = )", r"\1", text, flags=re.MULTILINE))["parameters"]
    for name, default in defaults.items():
        assert uncommented[name] == default, f"{name}: the example says another default than the template"


def test_the_example_policy_is_toml_with_people_in_one_domain():
    policy = tomllib.loads((HERE / "policy.example.toml").read_text())
    assert policy["person"]
    for person in policy["person"].values():
        assert all(a.endswith("@mail.example.com") for a in person["addresses"])


def test_every_check_that_is_skipped_has_a_reason():
    text = (HERE / "checkov.yaml").read_text()
    skipped = re.findall(r"^  - (CKV\w+)$", text, re.MULTILINE)
    assert skipped
    for check in skipped:
        assert re.search(rf"^  # .+[.]\n  - {check}$", text, re.MULTILINE), f"{check} has no reason"
