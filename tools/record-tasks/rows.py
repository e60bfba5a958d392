"""Rows in the published formats of the sets that surprisal knows, written for this test (none is from a set)."""

ARC = [
    {"id": "Own_1", "question": "Which of these melts first in the sun?", "choices": {"text": ["a stone", "an ice cube", "a spoon", "a brick"], "label": ["A", "B", "C", "D"]}, "answerKey": "B"},
    {"id": "Own_2", "question": "What do plants take up with their roots?", "choices": {"text": ["water", "sand", "light"], "label": ["1", "2", "3"]}, "answerKey": "1"},
    {"id": "Own_3", "question": "A ball rolls down a hill. What makes it move?", "choices": {"text": ["sound", "gravity", "heat", "colour", "magnetism"], "label": ["A", "B", "C", "D", "E"]}, "answerKey": "B"},
    {"id": "Own_4", "question": "Which animal lays eggs?", "choices": {"text": ["a hen", "a cow", "a dog", "a horse"], "label": ["1", "2", "3", "4"]}, "answerKey": "1"},
]

MMLU = [
    {"question": "  What is the capital of France? ", "subject": "high_school_geography", "choices": ["Lyon", "Paris", "Nice", "Lille"], "answer": 1},
    {"question": "Which ocean is the largest?", "subject": "high_school_geography", "choices": ["Arctic", "Indian", "Atlantic", "Pacific"], "answer": 3},
    {"question": "Which river flows through Vienna?", "subject": "high_school_geography", "choices": ["Danube", "Rhine", "Oder", "Po"], "answer": 0},
    {"question": "Which desert is the largest hot one?", "subject": "high_school_geography", "choices": ["Gobi", "Namib", "Sahara", "Thar"], "answer": 2},
]

PIQA = [
    {"goal": "To open a stuck jar lid,", "sol1": "hold the lid under hot water for a minute.", "sol2": "hold the lid under a lamp for a year.", "label": 0},
    {"goal": "How do you keep bread fresh?", "sol1": "Leave it on the roof.", "sol2": "Keep it in a closed box.", "label": 1},
    {"goal": "dry wet shoes", "sol1": "Stuff them with old newspaper.", "sol2": "Stuff them with wet sponges.", "label": 0},
]

WINOGRANDE = [
    {"sentence": "The trophy did not fit in the suitcase because the _ was too big.", "option1": "trophy", "option2": "suitcase", "answer": "1"},
    {"sentence": "Anna lent Maria a book, and _ thanked her for it .", "option1": "Anna", "option2": "Maria", "answer": "2"},
    {"sentence": "The rain stopped the game, so the _ was long.", "option1": "rain", "option2": "wait", "answer": "2"},
]

BOOLQ = [
    {"question": "is water wet at room temperature", "passage": "Water -- Water is a liquid at room temperature.", "idx": 0, "label": 1},
    {"question": "do fish live in trees", "passage": "Fish -- Fish are animals that live in water.", "idx": 1, "label": 0},
    {"question": "can a hen fly to the moon", "passage": "Hen -- A hen is a bird that flies badly.", "idx": 2, "label": 0},
]

COMMONSENSEQA = [
    {"id": "own1", "question": " Where would you keep milk cold?", "question_concept": "milk", "choices": {"label": ["A", "B", "C", "D", "E"], "text": ["oven", "fridge", "garden", "pocket", "drawer"]}, "answerKey": "B"},
    {"id": "own2", "question": "What do people use to cut bread?", "question_concept": "bread", "choices": {"label": ["A", "B", "C", "D", "E"], "text": ["spoon", "rope", "pen", "knife", "cup"]}, "answerKey": "D"},
    {"id": "own3", "question": "Where do trains stop?", "question_concept": "train", "choices": {"label": ["A", "B", "C", "D", "E"], "text": ["station", "lake", "attic", "shelf", "sky"]}, "answerKey": "A"},
]

OPENBOOKQA = [
    {"id": "own-1", "question_stem": "The sun is responsible for", "choices": {"text": ["puppies learning tricks", "children growing up", "flowers wilting in a drought", "books being read"], "label": ["A", "B", "C", "D"]}, "answerKey": "C"},
    {"id": "own-2", "question_stem": "A magnet pulls", "choices": {"text": ["wood", "iron", "glass", "paper"], "label": ["A", "B", "C", "D"]}, "answerKey": " B"},
    {"id": "own-3", "question_stem": "Ice that gets warm becomes", "choices": {"text": ["water", "stone", "air", "wood"], "label": ["A", "B", "C", "D"]}, "answerKey": "A"},
]

RACE = [
    {"article": "Tom's dog ran away.\nHe looked for it all day, and found it at the baker's.", "problems": str([
        {"question": "What ran away?", "options": ["A cat", "A dog", "A horse", "A child"], "answer": "B"},
        {"question": "Tom found it at  _  .", "options": ["home", "school", "the baker's", "the lake"], "answer": "C"},
        {"question": "The story is about  _  .", "options": ["a lost dog", "bread", "a \"lake\"", "school"], "answer": "A"},
    ])},
    {"article": "The library opens at nine.", "problems": str([
        {"question": "When does the library open?", "options": ["at eight", "at nine", "at ten", "never"], "answer": "B"},
    ])},
    {"article": "Rain fell for a week.", "problems": str([
        {"question": "How long did it rain?", "options": ["a day", "a month", "a year", "a week"], "answer": "D"},
    ])},
]

LAMBADA = [
    {"text": "She opened the door, looked at the old dog and said that it was time to go for a walk with the dog"},
    {"text": "\"Where is my hat?\" he asked. She pointed at the shelf, and there it was, his  hat"},
    {"text": "They sailed for weeks without a sight of land, and then one morning the boy cried land"},
]

BLIMP = [
    {"sentence_good": "Who should Derek hug after shocking Richard?", "sentence_bad": "Who should Derek hug Richard after shocking?", "field": "syntax", "linguistics_term": "island_effects", "UID": "adjunct_island", "simple_LM_method": True, "one_prefix_method": False, "two_prefix_method": False, "lexically_identical": True, "pair_id": 0},
    {"sentence_good": "The dogs bark.", "sentence_bad": "The dogs barks.", "field": "syntax", "linguistics_term": "agreement", "UID": "adjunct_island", "simple_LM_method": True, "one_prefix_method": True, "two_prefix_method": False, "lexically_identical": False, "pair_id": 1},
    {"sentence_good": "She likes herself.", "sentence_bad": "She likes himself.", "field": "syntax", "linguistics_term": "binding", "UID": "adjunct_island", "simple_LM_method": True, "one_prefix_method": True, "two_prefix_method": False, "lexically_identical": False, "pair_id": 2},
]

HELLASWAG = [
    {"ind": 1, "activity_label": "Baking bread", "ctx_a": "A man kneads dough on a table.", "ctx_b": "he", "ctx": "A man kneads dough on a table. he", "endings": ["puts it in the oven.", "[step] paints it  blue.", "throws it at [title] a car.", "reads it a story."], "source_id": "own~1", "split": "val", "split_type": "indomain", "label": "0"},
    {"ind": 2, "activity_label": "Health", "ctx_a": "[header] How to sleep well [title] Go to bed early.", "ctx_b": "", "ctx": "[header] How to sleep well [title] Go to bed early.", "endings": ["Drink coffee.", "Put out the light.", "Run a race.", "Play drums."], "source_id": "own~2", "split": "val", "split_type": "zeroshot", "label": "1"},
    {"ind": 3, "activity_label": "Rowing", "ctx_a": "Two women sit in a boat.", "ctx_b": "the women", "ctx": "Two women sit in a boat. the women", "endings": ["bake.", "fly.", "row across the lake.", "sing to a cow."], "source_id": "own~3", "split": "val", "split_type": "indomain", "label": "2"},
]

SCIQ = [
    {"question": "What gas do people breathe out?", "distractor3": "helium", "distractor1": "neon", "distractor2": "argon", "correct_answer": "carbon dioxide", "support": " People breathe in oxygen and breathe out carbon dioxide."},
    {"question": "What pulls things to the ground?", "distractor3": "sound", "distractor1": "light", "distractor2": "heat", "correct_answer": "gravity", "support": ""},
    {"question": "What do bees make?", "distractor3": "silk", "distractor1": "milk", "distractor2": "wool", "correct_answer": "honey", "support": "Bees make honey."},
]

SWAG = [
    {"video-id": "own1", "fold-ind": "1", "startphrase": "She opens the umbrella. She", "sent1": "She opens the umbrella.", "sent2": "She", "gold-source": "gold", "ending0": "walks out into the rain.", "ending1": "eats the umbrella.", "ending2": "swims home.", "ending3": "sleeps.", "label": 0},
    {"video-id": "own2", "fold-ind": "2", "startphrase": "The cook stirs the soup. He", "sent1": "The cook stirs the soup.", "sent2": "He", "gold-source": "gold", "ending0": "plants it.", "ending1": "drives it.", "ending2": "tastes it.", "ending3": "sells the sea.", "label": 2},
]

COPA = [
    {"premise": "The man broke his toe.", "choice1": "He got a hole in his sock.", "choice2": "He dropped a hammer on his foot.", "question": "cause", "idx": 0, "label": 1},
    {"premise": "It began to rain.", "choice1": "She opened her umbrella.", "choice2": "She sold her house.", "question": "effect", "idx": 1, "label": 0},
]

LOGIQA = [
    {"label": "b", "context": "All cooks wear hats. Tom is a cook.", "question": "What follows?", "options": ["Tom is tall.", "Tom wears a hat.", "Tom sings.", "Tom is no cook."]},
    {"label": "a", "context": "Some birds swim.", "question": "What is true?", "options": ["Some swimmers are birds.", "All birds swim.", "No bird flies.", "Fish fly."]},
]

SIQA = [
    {"context": "Tom gave Ann his umbrella in the rain.", "question": "How would Ann feel?", "answerA": "angry", "answerB": "thankful", "answerC": "sleepy", "label": "2"},
    {"context": "Sue missed the bus.", "question": "What will Sue do next?", "answerA": "walk", "answerB": "bake a cake", "answerC": "paint", "label": "1"},
    {"context": "Max won the race.", "question": "What did Max do before?", "answerA": "sleep", "answerB": "eat soap", "answerC": "train", "label": "3"},
]

TRUTHFULQA = [
    {"question": "Is the moon made of cheese?", "mc1_targets": {"choices": ["No, it is made of rock.", "Yes, of cheese."], "labels": [1, 0]}, "mc2_targets": {"choices": ["No, it is made of rock.", "No.", "Yes, of cheese."], "labels": [1, 1, 0]}},
    {"question": "Do cats have nine lives?", "mc1_targets": {"choices": ["Cats have one life.", "Cats have nine lives.", "Cats have seven lives."], "labels": [1, 0, 0]}, "mc2_targets": {"choices": ["Cats have one life.", "Cats have nine lives."], "labels": [1, 0]}},
]

# Beyond the context of mini (1,024 tokens) and within it.
LONG = [
    {**ARC[0], "question": "The sun was warm on the old stone wall. " * 180 + ARC[0]["question"]},
    ARC[1],
    {**ARC[3], "question": "A hen went over the road, and a dog looked on. " * 120 + ARC[3]["question"]},
]

# By lm-eval's name of the task.
ROWS = {
    "arc_easy": ARC,
    "mmlu_high_school_geography": MMLU,
    "piqa": PIQA,
    "winogrande": WINOGRANDE,
    "boolq": BOOLQ,
    "commonsense_qa": COMMONSENSEQA,
    "openbookqa": OPENBOOKQA,
    "race": RACE,
    "lambada_openai": LAMBADA,
    "lambada_standard": LAMBADA,
    "blimp_adjunct_island": BLIMP,
    "hellaswag": HELLASWAG,
    "sciq": SCIQ,
    "swag": SWAG,
    "copa": COPA,
    "logiqa": LOGIQA,
    "social_iqa": SIQA,
    "truthfulqa_mc1": TRUTHFULQA,
}
