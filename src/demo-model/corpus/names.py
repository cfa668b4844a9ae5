"""Words that stories, sums and small talk are filled with. Our own choice of common words."""

PEOPLE = """Anna Ben Clara David Emma Felix Greta Henry Ida Jonas Karl Lena Max Nora Oscar Paula Quentin Rosa
Simon Tina Ulla Victor Wanda Xavier Yara Zoe Adam Bella Carlo Dora Erik Frida Gustav Hanna Ivan Julia Kevin Lisa
Martin Nina Otto Peter Rita Sara Tom Ursula Vera Walter Alice Bob Carol Dan Eva Frank Grace Hugo Iris Jack Kate
Leo Mary Noah Olga Paul Ruth Sam Theo Uma Vincent Yusuf Amir Aisha Chen Mei Ravi Priya Kenji Yuki Omar Layla
Pablo Lucia Marco Sofia Pierre Marie Lars Ingrid Sven Astrid Piotr Zofia Boris Katya Mike Laura Steve Karin
Helga Bruno Heidi Hans Fritz Berta Otis Elsa Anton Claire Emil Ella Jan Julian Lea Mia Nils Rolf Sandra Stefan Susan
Thomas Tanja Ute Jim Linda Maria Nick Robert""".split()

ANIMALS = """fox mouse bear rabbit owl frog cat dog hedgehog duck turtle bee lion elephant goat horse sheep cow
squirrel sparrow crow snail beaver otter penguin whale dolphin monkey tiger wolf donkey pig goose swan parrot deer
mole badger spider ant butterfly dragon robot giant wizard king queen princess knight sailor baker farmer girl boy
pirate clown tailor fisherman gardener teacher""".split()

PET_NAMES = """Milo Luna Pip Ruby Toby Lily Rusty Daisy Bruno Poppy Nico Stella Fritz Mimi Oskar Lulu Benny Hazel
Timo Fee Rocky Molly Kiko Nala Willy Elli Bo Tilda Momo Cleo""".split()

PLACES = """in a small village|at the edge of a forest|on a hill|by the sea|near a lake|in an old house|on a farm
in a deep valley|on an island|under a big oak|behind a mill|in a quiet town|next to a bridge|in a garden
on top of a mountain|in a castle|by a river|in a green meadow""".replace("\n", "|").split("|")

THINGS = """a golden key|a red balloon|a lost letter|a warm blanket|a small lamp|an old map|a silver bell|a blue stone
a wooden boat|a round cheese|a music box|a yellow umbrella|a bag of seeds|a shiny button|a big drum|a kite
a glass ball|a paper star|a broken clock|a honey jar""".replace("\n", "|").split("|")

FRUITS = """apples pears plums nuts books coins stones stamps eggs cookies flowers pencils balls cards shells""".split()

COLOURS = "red blue green yellow orange purple pink brown black white grey".split()

FOODS = "pizza bread soup cheese rice pasta cake salad fish honey chocolate porridge noodles potatoes pancakes".split()

NUMERALS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen twenty""".split()

# What answers repeat: one piece each of the vocabulary, and never misspelt.
COPIED = sorted({*PEOPLE, *ANIMALS, *PET_NAMES, *FRUITS, *COLOURS, *FOODS, *NUMERALS})

# Things that the model is asked about and does not know.
CAPITALS = """France Germany Italy Spain Poland Norway Japan China India Brazil Canada Egypt Kenya Peru Chile Greece
Turkey Sweden Finland Austria Hungary Portugal Ireland Mexico Cuba Vietnam Thailand Australia""".split()

SUBJECTS = """a volcano|a comet|democracy|inflation|a black hole|gravity|an atom|photosynthesis|a dinosaur|chess|jazz
football|the moon|the sun|a battery|an engine|a bicycle|a violin|a pyramid|electricity|evolution|DNA|a vaccine|a virus
a mortgage|the stock market|opera|a haiku|baroque|marble|steel|gold|oxygen|a tornado|an earthquake|the ocean|a desert
a glacier|a novel|a poem|a philosopher|ethics|logic|algebra|a triangle|a matrix|Python|a compiler|a database|Linux
Windows|a browser|a website|a phone|a satellite|a rocket|an airplane|a train|a car|a tax|a law|a court|a senator
a church|a temple|yoga|a marathon|tennis|golf|tea|coffee|beer|wine|sugar|salt|a mushroom|a cactus|a rose|a shark|a piano
the weather|a unicorn|blockchain|bitcoin|a neutron|a prism|a lens|a laser|a magnet|Kubernetes|a blender|a sofa|cricket
Mars|Jupiter|Shakespeare|Mozart|Einstein|Napoleon|Picasso|Beethoven|Cleopatra|Newton|Darwin|Goethe""".replace("\n", "|").split("|")

TASKS = """cook pasta|bake a cake|fix my car|learn French|lose weight|buy a house|write a novel|paint a wall|grow tomatoes
play the guitar|swim|drive a car|invest money|find a job|train a dog|repair a bike|fly to the moon|tie a tie|knit a sock
make coffee|sleep better|plan a wedding|write a letter to my boss|install Windows|reset my phone|book a flight
win at chess|cut my hair|clean a window|build a boat|become rich|brew beer|cure a cold|apply for a visa|get a passport
change a tyre|unblock a sink|sell my car|make friends|learn to dance""".replace("\n", "|").split("|")
