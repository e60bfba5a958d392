/** What `surprisal check --init` writes. */
export const EXAMPLE = `# surprisal check reads this file: conditions on texts, questions and answers.
# Files are named against the folder of this file. docs/checking.md has every name and condition.
model: mini # a name, a .gguf file, or a server: http://host:port/v1#model
baseline: surprisal-baseline.json # written by: surprisal check --update; commit it

checks:
  # A text (text:, file: or corpus:), scored by the model
  - name: a plain sentence
    text: She put the kettle on and opened the window, because the kitchen was warm.
    expect:
      - perplexity < 1000
      - bits per byte not more than 2 % above the last run

  # Questions with choices, judged by log-likelihood
  # - task: questions.jsonl
  #   limit: 200
  #   shots: 5
  #   expect: accuracy >= 0.4

  # A prompt that the model answers
  # - name: capital of France
  #   prompt: "What is the capital of France?"
  #   maxTokens: 40
  #   expect:
  #     - perplexity < 5
  #     - contains "Paris"
  #     - '"Paris" is likelier than "London"'
  #     - { type: perplexity, threshold: 5 } # as in promptfoo
`;
