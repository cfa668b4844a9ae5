"""Questions from outside, to which the answer is that the model does not know."""

from .names import CAPITALS, PEOPLE, SUBJECTS, TASKS
from .wordings import pick

ANSWERS = [
    "I don't know that. Ask me about dllama-akka, for a story or for a small sum.",
    "Sorry, I don't know. I am a very small model and only know dllama-akka, short stories and small sums.",
]

ABOUT = """What is {x}?|What's {x}?|Explain {x}.|Tell me about {x}.|What do you know about {x}?|Can you explain {x}?
Tell me what {x} is.|Do you know {x}?|What can you tell me about {x}?|How does {x} work?|Who invented {x}?
Where can I see {x}?|Describe {x}.|What does {x} mean?|Why is {x} important?|I want to know about {x}.|{x}?
How old is {x}?|What is the history of {x}?|Please explain {x}.|When was {x} discovered?""".replace("\n", "|").split("|")

HOW = """How do I {x}?|How can I {x}?|How to {x}?|Tell me how to {x}.|I want to {x}.|Can you help me {x}?
What is the best way to {x}?|Explain how to {x}.|Can you tell me how to {x}?|Please help me {x}.|I need to {x}. How?""".replace(
    "\n", "|"
).split("|")

PLACES = """What is the capital of {x}?|Where is {x}?|How many people live in {x}?|What language is spoken in {x}?
Who is the president of {x}?|How large is {x}?|What is the weather in {x}?|Tell me about {x}.|How far is it to {x}?
Which river flows through {x}?|What do people eat in {x}?|Have you been to {x}?|What is the money of {x}?""".replace("\n", "|").split("|")

WHO = """Who is {x}?|Do you know {x}?|Where does {x} live?|How old is {x}?|What does {x} do?|When was {x} born?
Is {x} at home?|Tell me about {x}.|What did {x} say?""".replace("\n", "|").split("|")

OTHERS = """What time is it?|What day is it?|What is the date today?|How is the weather?|Will it rain tomorrow?
What is the news?|Who won the election?|What's for dinner?|Who will win the game?|Why is the sky blue?|Why is grass green?
What is the meaning of life?|How far is the moon?|How many stars are there?|What is the speed of light?|Who was the first man on the moon?
How tall is the highest mountain?|Which is the longest river?|When did the war end?|Who wrote Hamlet?|What is the price of gold?
Translate this into French.|What should I wear today?|Where are my keys?|What am I thinking?|Which film should I see?
Who is the richest man?|How many bones has a human?|What do cats eat?|How long does a fly live?|Is there life on Mars?
What is in my pocket?|Can you call my mother?|Book a table for two.|Play some music.|Set an alarm.|Open the window.
What is the square root of 2?|What is the value of pi?|Which number is prime?|Recommend a book.|Give me a recipe.
Summarise this article.|What is wrong with my car?|Why do birds fly?|What causes rain?|How hot is the sun?""".replace("\n", "|").split("|")


def fill(wordings, x):
    return [w.replace("{x}", x) if not w.startswith("{x}") else x.capitalize() + w[3:] for w in wordings]


def ask(rng, held=False):
    kind = rng.choice(["about", "about", "about", "how", "how", "place", "who", "other"])
    if kind == "about":
        wordings = fill(ABOUT, rng.choice(SUBJECTS))
    elif kind == "how":
        wordings = fill(HOW, rng.choice(TASKS))
    elif kind == "place":
        wordings = fill(PLACES, rng.choice(CAPITALS))
    elif kind == "who":
        wordings = fill(WHO, rng.choice(PEOPLE) + rng.choice(["", " Miller", " Smith", " Brown", " Jones"]))
    else:
        wordings = OTHERS
    return pick(rng, wordings, held)
