"""Short stories: a hero, a place, a thing, and one of a dozen plots."""

from .names import ANIMALS, PET_NAMES, PLACES, THINGS
from .wordings import pick

ANY = """Tell me a story.|Tell a story.|Can you tell me a story?|A story, please.|I want to hear a story.|Story!
Do you know a story?|Tell me a short story.|Please tell me a story.|Give me a story.|I would like a story.
Make up a story.|Could you tell me a little story?|Tell me something nice.|Read me a story.|Write a story.|!I'd love to hear a story.|!Would you tell me a story?""".replace(
    "\n", "|"
).split("|")

ABOUT = """Tell me a story about {h}.|A story about {h}, please.|Can you tell me a story about {h}?|Tell a story about {h}.
Do you know a story about {h}?|I want a story about {h}.|Write a story about {h}.|Make up a story about {h}.
Please tell me a short story about {h}.|Story about {h}|Give me a story about {h}.|Do you know one about {h}?
I would like to hear a story about {h}.|Could you write a little story with {h}?|Tell me something about {h} in a story.""".replace(
    "\n", "|"
).split("|")

ANOTHER = """Tell me another.|Another one.|Another story, please.|One more!|Tell me another one.|Another?|Once more, another story.
Do you know another one?|And another?|Can you tell me another story?|More stories!|I want another one.|A different one, please.
Now tell a different story.|One more story, please.|!And one more story?|!Do tell me another one.|!Have you got another one?""".replace("\n", "|").split("|")

WHO = """Who was the story about?|Who was in the story?|Who is it about?|What was the name again?|Who was it?
What was the hero's name?|Do you remember the name in the story?|Who is the hero of the story?|Who was the hero?|Whom was the story about?|Which name was it?|And who was it about?|Who is in the story?
Tell me who it was about.|What is the hero called?|!And who was the hero?|!Whom was it about?""".replace("\n", "|").split("|")

WHAT_THING = """What was found?|What did the story have in it?|What thing was in the story?|Which thing was found in the story?|What was the thing?|Which thing was in it?|What thing was that?|And what was the thing in it?|!Which thing was it?""".split("|")

LIKED = """Nice story!|That was nice.|I liked that.|Good story.|What a nice story.|That was a good one.|Lovely.|Cute story.
I like your story.|Well told.""".replace("\n", "|").split("|")

AND_THEN = "And then?|What happened then?|How does it end?|Is that the end?|And after that?|How does the story go on?".split("|")
END = "That is the end of the story. Shall I tell you another one?"

YES = "Yes.|Yes, please.|Yes please!|Sure.|OK.|Of course.|Yeah.|Please do.|Gladly.|Why not.|Go ahead.|I would love that.|!Yes, tell me one.".split("|")
NO = "No.|No, thanks.|No, thank you.|Not now.|Nope.|Maybe later.|Rather not.|Not today.".split("|")

LIKED_ANSWER = ["Thank you! Shall I tell you another one?", "I am glad that you liked it."]

PLOTS = [
    "One day {n} found {t}. Nobody knew whose it was, so {n} asked all the neighbours. In the end they kept it together.",
    "One morning {n} lost {t} and looked for it everywhere. A friend had found it and brought it back. They had tea together.",
    "Every evening {n} looked at the stars. One night {n} found {t} under the brightest one. From then on no night was dark.",
    "One winter it was very cold. {n} had only {t}, but shared it with everybody. So they all were warm until spring.",
    "{n} was afraid of the dark. Then a friend brought {t}. Together they were not afraid any more.",
    "{n} wanted to cross the water but had no bridge. With {t} and a lot of patience it worked. On the other side there were friends.",
    "One day a storm took {t} away. {n} walked a long way to get it back. At home all were waiting with warm soup.",
    "{n} was bored. Then {t} lay in front of the door. It was the beginning of a great adventure.",
    "A stranger came and asked for help. {n} gave away {t} without a word. Years later the stranger came back with a present.",
    "{n} could not sleep. So {n} got up and made {t} for a friend. The friend was so happy that both slept well.",
    "All said that {n} was too small to help. But only {n} could reach {t} in the narrow hole. After that nobody laughed.",
    "Four friends had to carry {t} that was too heavy for each of them. {n} said: let us carry it together. Then it was easy.",
]

OPENINGS = ["Once upon a time there was {a} named {n}, who lived {p}.", "There was {a}, named {n}, who lived {p}.",
            "Once there lived {a} {p}, and the name was {n}."]


def article(noun):
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def tell(rng, hero=None):
    """A story as (text, hero, name, thing)."""
    hero = hero or rng.choice(ANIMALS)
    name, place, thing = rng.choice(PET_NAMES), rng.choice(PLACES), rng.choice(THINGS)
    opening = rng.choices(OPENINGS, [6, 2, 2])[0]
    text = opening + " " + rng.choice(PLOTS)
    text = text.replace("{a}", article(hero)).replace("{p}", place).replace("{n}", name).replace("{t}", thing)
    return text, hero, name, thing


def ask(rng, held=False):
    if rng.random() < 0.35:
        return pick(rng, ANY, held), None
    hero = rng.choice(ANIMALS)
    wordings = [w.replace("{h}", article(hero)) for w in ABOUT]
    return pick(rng, wordings, held), hero
