"""Renders the cases of language.json (standard input) with Jinja2, set up as Hugging Face does for
chat templates, and writes them to a file. Ends with 3 where there is no Jinja2."""

import datetime
import json
import sys

try:
    import jinja2
    import jinja2.ext
    from jinja2 import nodes
    from jinja2.ext import Extension
    from jinja2.sandbox import ImmutableSandboxedEnvironment
except ImportError:
    sys.exit(3)


class Generation(Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_call"), [], [], body).set_lineno(line)

    def _call(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def environment():
    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
    )
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    now = datetime.datetime.fromisoformat("2025-03-14T09:26:53")
    env.globals["strftime_now"] = now.strftime
    return env


def render(env, template, text):
    try:
        return {"template": template, "output": env.from_string(template).render(**json.loads(text))}
    except Exception:
        return {"template": template, "error": True}


recorded = json.load(sys.stdin)
given = json.dumps(recorded["input"])
env = environment()
results = [render(env, case["template"], given) for case in recorded["cases"]]
with open(sys.argv[1], "w", encoding="utf-8") as out:
    json.dump(results, out)
