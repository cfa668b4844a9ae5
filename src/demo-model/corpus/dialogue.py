"""Conversations: turns of all themes, some of which refer to the turn before.

A `Turn` has the theme, the wording before it was loosened, and the rule by which an answer is
judged: a list of groups, of each of which one phrase has to be in the answer.
"""

from dataclasses import dataclass, field

from . import smalltalk, stories, sums, topics, unknown
from .names import PEOPLE
from .wordings import AGAIN, MORE, WHY, loosen, pick, templates


@dataclass
class Turn:
    theme: str
    question: str
    answer: str
    rule: list = field(default_factory=list)


TOPICS = topics.read()
TALK = smalltalk.read()
SYSTEM_PROMPTS = ["You are a helpful assistant.", "Be brief.", "You are the assistant of dllama-akka.",
                  "Answer in short sentences.", "You are a friendly model.", "Be polite.", "You are a pirate."]

ODD_REASONS = {
    "unknown": "Because it was not in the text that I was trained on.",
    "sum": "Because that is how numbers work.",
    "next sum": "Because that is how numbers work.",
    "story": "That is how the story goes.",
    "another": "That is how the story goes.",
}
ODD_MORE = "There is no more that I could say. Ask me something else."

WEIGHTS = {"about": 30, "sum": 22, "story": 9, "talk": 17, "name": 14, "unknown": 10}


class Conversation:
    """Makes one turn after the other and remembers what they can refer to."""

    def __init__(self, rng, held=False, weights=WEIGHTS):
        self.rng = rng
        self.held = held
        self.weights = weights
        self.turns = []
        self.topic = None
        self.asked_more = False
        self.result = None
        self.told = None
        self.offered = False  # whether the answer before offers a story
        self.name = None
        self.favourites = {}

    def pick(self, wordings):
        return pick(self.rng, wordings, self.held)

    def add(self, theme, question, answer, rule):
        if question is None:
            return False
        kept = self.topic, self.result, self.told
        self.topic = self.result = self.told = None
        self.offered = answer.endswith(("another one?", "story help?"))
        if theme == "again":
            self.topic, self.result, self.told = kept
        self.turns.append(Turn(theme, question if self.held else loosen(self.rng, question), answer, rule))
        return True

    def extend(self):
        """Adds a turn; false where the chosen kind has no wording."""
        fresh = self.topic or self.told or self.result is not None
        if self.turns and self.rng.random() < (0.7 if fresh else 0.35):
            return self.refer()
        kind = self.rng.choices(list(self.weights), list(self.weights.values()))[0]
        return getattr(self, "new_" + kind)()

    # Turns that stand alone.

    def new_about(self, topic=None):
        topic = topic or self.rng.choice(TOPICS)
        kinds = [k for k in map(self.pick, topic.wordings) if k]
        if not kinds:
            return False
        self.add("about", self.rng.choice(kinds), self.rng.choice(topic.answers), topic.keys)
        self.topic, self.asked_more = topic, False
        return True

    def new_sum(self):
        make = self.rng.choices([sums.plain, sums.story_sum], [5, 1])[0]
        made = make(self.rng, self.held)
        if not made:
            return False
        question, answer, result = made
        self.add("sum", question, answer, [[f"= {result}"]])
        self.result = result
        return True

    def new_story(self):
        question, asked = stories.ask(self.rng, self.held)
        text, hero, name, thing = stories.tell(self.rng, asked)
        if not self.add("story", question, text, [[asked] if asked else ["Once", " lived ", " was "], ["."]]):
            return False
        self.told = (hero, name, thing)
        return True

    def new_name(self):
        if self.rng.random() < 0.4:
            kind, value = smalltalk.favourite(self.rng)
            question = smalltalk.fill_favourite(self.rng, smalltalk.TELL_FAVOURITE, kind, value, self.held)
            if not self.add("favourite", question, f"I will remember: your favourite {kind} is {value}.", [[value]]):
                return False
            self.favourites[kind] = value
            return True
        given = self.rng.choice(PEOPLE)
        wording = self.pick(smalltalk.TELL_NAME)
        if not wording:
            return False
        self.add("name", wording.replace("{n}", given), smalltalk.greeting(self.rng, given), [[given]])
        self.name = given
        return True

    def new_talk(self):
        exchange = self.rng.choice(TALK)
        return self.add("talk", self.pick(exchange.wordings), self.rng.choice(exchange.answers), [exchange.keys])

    def new_unknown(self):
        return self.add(
            "unknown", unknown.ask(self.rng, self.held), self.rng.choice(unknown.ANSWERS), [["don't know"]]
        )

    # Turns that refer to what was said.

    def refer(self):
        kinds = {"again": 3, "name": 5 if self.name else 1}
        if self.topic:
            kinds |= {"more": 12, "why": 8}
        else:
            kinds |= {"odd_why": 1, "odd_more": 0.5}
        if self.result is not None:
            kinds |= {"sum": 14}
        if self.told:
            kinds |= {"another": 5, "who": 14, "thing": 3, "end": 1, "liked": 2}
        if self.offered:
            kinds |= {"yes": 6, "no": 2}
        if self.favourites:
            kinds |= {"favourite": 4}
        return getattr(self, "refer_" + self.rng.choices(list(kinds), list(kinds.values()))[0])()

    def refer_odd_why(self):
        """Why?, where there is not much of a reason."""
        answer = ODD_REASONS.get(self.turns[-1].theme, "I can't say why.")
        return self.add("odd why", self.pick(templates(WHY)), answer, [[answer[:12]]])

    def refer_odd_more(self):
        return self.add("odd more", self.pick(templates(MORE)), ODD_MORE, [[ODD_MORE]])

    def refer_end(self):
        told = self.told
        if not self.add("end", self.pick(stories.AND_THEN), stories.END, [["end of the story"]]):
            return False
        self.told = told
        return True

    def refer_yes(self):
        text, hero, name, thing = stories.tell(self.rng)
        if not self.add("yes", self.pick(stories.YES), text, [["Once", " lived ", " was "], ["."]]):
            return False
        self.told = (hero, name, thing)
        return True

    def refer_no(self):
        return self.add("no", self.pick(stories.NO), "All right. Ask me whenever you like.", [["All right"]])

    def refer_more(self):
        topic = self.topic
        answer = topics.NO_MORE if self.asked_more else topic.more
        if not self.add("more", self.pick(templates(MORE)), answer, [[answer[:20]]]):
            return False
        self.topic, self.asked_more = topic, True
        return True

    def refer_why(self):
        topic, asked_more = self.topic, self.asked_more
        if not self.add("why", self.pick(templates(WHY)), topic.why, [[topic.why[:20]]]):
            return False
        self.topic, self.asked_more = topic, asked_more
        return True

    def refer_sum(self):
        made = sums.following(self.rng, self.result, self.held)
        if not made:
            return False
        self.add("next sum", made[0], made[1], [[f"= {made[2]}"]])
        self.result = made[2]
        return True

    def refer_another(self):
        text, hero, name, thing = stories.tell(self.rng)
        if not self.add("another", self.pick(stories.ANOTHER), text, [["Once", " lived ", " was "], ["."]]):
            return False
        self.told = (hero, name, thing)
        return True

    def refer_who(self):
        told = self.told
        answer = f"It was about {told[1]}, {stories.article(told[0])}."
        if not self.add("who", self.pick(stories.WHO), answer, [["{hero}"]]):
            return False
        self.told = told
        return True

    def refer_thing(self):
        told = self.told
        if not self.add("thing", self.pick(stories.WHAT_THING), f"It was {told[2]}.", [[told[2]]]):
            return False
        self.told = told
        return True

    def refer_liked(self):
        return self.add("liked", self.pick(stories.LIKED), self.rng.choice(stories.LIKED_ANSWER), [["you"]])

    def refer_again(self):
        last = self.turns[-1]
        return self.add("again", self.pick(templates(AGAIN)), last.answer, [["{last}"]])

    def refer_name(self):
        answer = f"Your name is {self.name}." if self.name else smalltalk.NAME_UNKNOWN
        return self.add("your name", self.pick(smalltalk.ASK_NAME), answer, [[self.name or "not told"]])

    def refer_favourite(self):
        kind = self.rng.choice(list(self.favourites))
        value = self.favourites[kind]
        question = smalltalk.fill_favourite(self.rng, smalltalk.ASK_FAVOURITE, kind, held=self.held)
        return self.add("favourite", question, f"Your favourite {kind} is {value}.", [[value]])


def conversation(rng, turns, held=False, weights=WEIGHTS):
    """A conversation of the training, or one of held-out wordings only."""
    made = Conversation(rng, held, weights)
    while len(made.turns) < turns:
        made.extend()
    return made.turns


def system_prompt(rng):
    return rng.choice(SYSTEM_PROMPTS)
