// What stands below the options of each command's help.

export const examples = {
  why: `
Examples:
  whyslow model.onnx                                  the answer
  whyslow model.onnx --quick                          a first one, no sweeps
  whyslow model.onnx --json report.json               also as a report document
  whyslow model.onnx --html report.html               also as a page, one file
  whyslow model.onnx --open                           the page, live
  whyslow model.onnx --shape x=1x3x640x640 --threads 2
  whyslow model.onnx --data inputs.npz --duration 10  with your own inputs
  whyslow model.onnx --value sr=16000 --save-inputs dir/
  whyslow fix model.onnx -o fast/                     try the remedies
  whyslow lint quantized.onnx                         why int8 is not faster
  whyslow quantize model.onnx -o fast/ --data dir/    fewer bits where they pay
  whyslow doctor                                      this computer, its engines

Durations: 10, 10s, 2m, 500ms, 1h. Sizes: 500m, 2g, 2GiB.
Exit codes: 0 answered, 1 a bug in whyslow, 2 input or arguments cannot be used,
3 a stated goal was not met, 130 interrupted (143 by SIGTERM).`,

  fix: `
Examples:
  whyslow fix model.onnx -o fast/               outputs stay equal
  whyslow fix model.onnx -o fast/ --data ./samples --max-loss 0.01
  whyslow fix model.onnx --only thread-count,spinning --dry-run
  whyslow fix model.onnx -o fast/ --for throughput --budget 5m
  whyslow fix model.onnx -o fast/ --slo 'p99<20ms'
  whyslow fix quantized.onnx -o repaired.onnx   repairs that model alone
  whyslow fix model.onnx -o fast/ --require 2x  else exit code 3
  whyslow fix model.onnx -o fast/ --image-dtype uint8 --image-normalize imagenet
  whyslow fix model/ -o fast/ --prompts mine.txt  with equal tokens

--max-loss: largest drop of the metric if labels are given, else of top-1
agreement from 1, else of the worst output's cosine from 1; of a generator,
how much perplexity may rise.`,

  lint: `
Examples:
  whyslow lint quantized.onnx                   what runs in int8, what not
  whyslow lint quantized.onnx --data inputs.npz --threads 2
  whyslow fix quantized.onnx -o repaired.onnx --data ./samples
  whyslow lint quantized.onnx --json lint.json  also as a document`,

  compare: `
Examples:
  whyslow compare model.onnx  every engine that is installed
  whyslow compare model.onnx --engines ort-cpu --batch 1,8,32
  whyslow compare a.onnx b.onnx c.onnx --data labelled.npz
  whyslow compare a.onnx b.onnx --json comparison.json

Contestants take turns in fresh processes. One that fails is a row with the
reason; the others are still measured.`,

  generate: `
Examples:
  whyslow generate model/                       a folder with a decoder
  whyslow generate model.gguf --threads 4
  whyslow generate model/ --prompts mine.txt    with your own prompts
  whyslow generate model/ --prompt-tokens 2000 --new-tokens 128
  whyslow generate http://127.0.0.1:8080/v1     a server, at most 40 requests
  whyslow generate model/ --json tokens.json --html tokens.html

'whyslow model/' alone does the same if model/ is a generator.`,

  embed: `
Examples:
  whyslow embed model/                          a folder with an encoder
  whyslow embed model/ --texts mine.txt         with your own texts
  whyslow embed model/ --batch 64 --dtype q8
  whyslow embed model/ --json texts.json

'whyslow model/' alone does the same if model/ is an encoder of texts.`,

  pipeline: `
Examples:
  whyslow pipeline app/predict.mjs --data samples/  stages of a module
  whyslow pipeline service.py --python .venv        the same in Python
  whyslow pipeline script.py                        a script, line by line
  whyslow pipeline app.mjs --call app:handle        any other function

A module may export load(), samples(), preprocess(sample), predict(model, x) and
postprocess(y); only predict is required. Your code runs with your rights.`,

  watch: `
Examples:
  whyslow -- node server.js         watch until Ctrl-C, then the answer
  whyslow --url http://localhost:8000/predict -- uvicorn app:app
  whyslow --duration 60s --json watch.json -- npm start
  whyslow watch --url http://localhost:3000/predict -- node server.js

Your command runs unchanged, with your rights; what it prints goes to standard
error. Everything that it started ends with whyslow.`,

  ab: `
Examples:
  whyslow ab old.py new.py --data samples.npz        with samples of yours
  whyslow ab old.mjs new.mjs                         with those of samples()
  whyslow ab service.py service.mjs --data rows.csv  one of each language
  whyslow ab old.py:score new.py:score --data x.npy  any other function
  whyslow ab before.py after.py                      scripts, run whole

A program has predict(x), or load() and predict(model, x); preprocess(sample),
postprocess(y) and samples() if it wants. Both run in turns, in fresh
processes of their own, and are given the same samples.`,

  distill: `
Examples:
  whyslow distill model.onnx --data labelled.csv  students and what they lose
  whyslow distill model.json --data labelled.csv -o small/ --max-loss 0.005

Students: its own first trees with leaves fitted anew, smaller forests, a linear
model, a small network. Each figure is of rows that neither training saw.`,

  quantize: `
Examples:
  whyslow quantize model.onnx -o fast/ --data ./samples
  whyslow quantize model.onnx -o fast.onnx --method dynamic
  whyslow quantize model.onnx -o fast/ --method weights --bits 4
  whyslow quantize model.h5 -o small.tflite  for LiteRT
  whyslow quantize model.h5 -o int8.tflite --method static --data samples.npz
  whyslow quantize model.onnx -o fast/ --data labelled.npz --max-loss 0.01

Without --max-loss: one decision in a hundred may change, and no output's
cosine falls below 0.995; with labels the metric may lose 0.01.`,

  convert: `
Examples:
  whyslow convert model.h5 -o model.onnx
  whyslow convert model.h5 -o model.tflite      for LiteRT
  whyslow convert model.h5 -o web/model.json    for TensorFlow.js
  whyslow convert web/model.json -o model.onnx  a TensorFlow.js model
  whyslow convert model.txt -o model.onnx       LightGBM, in double
  whyslow convert model.txt -o small.onnx --allow-rounding --data rows.csv

Inputs and outputs keep their names, order, layout and types.`,

  load: `
Examples:
  whyslow load model.onnx --rate 50,200            served by whyslow
  whyslow load fast/ --slo 'p99<20ms' --workers 2  the folder that fix wrote
  whyslow load http://127.0.0.1:8000/v2/models/m --protocol oip --rate 100
  whyslow load http://host/predict --body @request.json --rate 50,100,200
  whyslow load http://host/predict --body @request.json --slo 'p99<20ms'
  whyslow load http://host/predict --body @request.json --concurrency 1,8
  whyslow load http://host/predict --body @request.json --arrivals trace.csv

Requests arrive by a timeline that no answer moves; latency counts from the
scheduled instant. --slo: p99<20ms, mean<5ms, p95<50ms,errors<0.1%.`,

  serve: `
Examples:
  whyslow serve model.onnx         the Open Inference Protocol v2
  whyslow serve fast/ --port 8000  what fix wrote
  whyslow serve model.onnx --host 0.0.0.0 --workers 2 --threads 1

GET /v2/health/ready, GET /v2/models/NAME, POST /v2/models/NAME/infer, GET
/metrics. SIGTERM: what was accepted is answered, then it ends.`,

  check: `
Examples:
  whyslow check model.onnx --baseline base.onnx --fail-above 1.1
  whyslow check model.onnx --against report.json --allow-other-machine
  whyslow check model.onnx --against results.sqlite  the latest that was kept

Exit code 3 if the whole interval of the ratio is above --fail-above. A baseline
model takes turns with the other; a report must be of this machine.`,

  history: `
Examples:
  whyslow model.onnx --save                     keep what was measured
  whyslow fleet history                         every model
  whyslow fleet history model.onnx              one, with a plot
  whyslow fleet history --store results.sqlite  what a fleet kept
  whyslow fleet history --store results.sqlite --parquet trials.parquet
  whyslow fleet history --json -                as JSON`,

  explain: `
Examples:
  whyslow model.onnx --save-evidence evidence.json  where it is slow
  whyslow explain evidence.json                     anywhere, with no engine
  whyslow explain trace.json.gz                     of PyTorch or others
  whyslow explain trace.json.gz --latency 17.8ms    shares become times
  whyslow explain before.json.gz after.json.gz      what changed between two
  whyslow explain trace.json.gz --model model.onnx  node by node of the model
  whyslow explain trace.json.gz --json -            as a report document`,

  fleet: `
Examples:
  whyslow fleet run models/a.onnx models/b.keras --quick
  whyslow fleet run model.onnx --engines ort-cpu,ort-wasm --batch 1,8,32
  whyslow fleet run model.onnx --size 224,448             by resolution
  whyslow fleet run a.onnx b.onnx --json here.json        for fleet report
  whyslow fleet run a.onnx b.onnx --store results.sqlite  kept as they come
  whyslow fleet run a.onnx b.onnx --price 'x64*=0.34'     cost per million
  whyslow fleet run a.onnx --queue redis://host:6379 --shared-models /shared

One model that fails is named with the reason; the others are still measured.`,

  agent: `
Examples:
  whyslow fleet worker --queue redis://127.0.0.1:6379 --shared-models /shared
  whyslow fleet worker --queue redis://host --shared-models /shared --key-file k

Without a key, only a queue of this machine alone is taken from. What is
measured, and by whom, goes to standard error.`,

  study: `
Examples:
  whyslow fleet report laptop.json server.json  models by machines
  whyslow fleet report *.json --reference 'x64-avx2*' --price 'x64-avx512*=0.68'
  whyslow fleet report --store results.sqlite --csv table.csv

Documents: what whyslow MODEL, compare and fleet wrote with --json.`,

  foretell: `
Examples:
  whyslow doctor --json server.json                        on that machine
  whyslow fleet estimate model.onnx --machine server.json  on this one
  whyslow fleet estimate model.onnx --machine server.json --known study.json

--known: reports of machines that were measured. The estimate gets
its interval and its grade from how well each is estimated from the others.`,

  view: `
Examples:
  whyslow model.onnx --json report.json
  whyslow view report.json             its page, on this machine
  whyslow view before.json after.json  what changed

It listens on 127.0.0.1, and only the printed address opens it. Ctrl-C ends it.`,

  doctor: `
Examples:
  whyslow doctor                        this machine
  whyslow doctor --refresh --threads 4  measured again, 4 threads
  whyslow doctor --python .venv         also engines of that Python
  whyslow doctor --json server.json     for fleet estimate`,

  demo: `
Examples:
  whyslow demo           nothing is kept
  whyslow demo -o demo/  the model and fast/ are kept

It takes less than a minute.`,

  completion: `
Examples:
  source <(whyslow completion bash)                  in ~/.bashrc
  whyslow completion zsh > ~/.zfunc/_whyslow         a folder of fpath
  whyslow completion fish > ~/.config/fish/completions/whyslow.fish`,

  engines: `
Examples:
  whyslow engines                 what is installed, what is not
  whyslow engines --python .venv  also engines of that Python`,

  mcp: `
Examples:
  claude mcp add whyslow -- npx -y whyslow mcp      for Claude Code
  whyslow mcp --root ~/project                      a client without folders

It reads and writes the protocol; nothing is typed into it. Paths are confined
to the folders that the client opens, within those of --root if there are any.`,

  machine: `
Examples:
  whyslow machine                        from the cache, if known
  whyslow machine --refresh --threads 4  measured again, 4 threads
  whyslow machine --json -               as JSON`,
}
