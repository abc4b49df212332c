// What stands below the options of each command's help.

export const examples = {
  why: `
Examples:
  whyslow model.onnx                                 the answer
  whyslow model.onnx --quick                         a first one, without sweeps
  whyslow model.onnx --json report.json              also as a report document
  whyslow model.onnx --shape x=1x3x640x640 --threads 2
  whyslow model.onnx --data inputs.npz --seconds 10  with your own inputs
  whyslow model.onnx --value sr=16000 --save-inputs dir/
  whyslow explain evidence.json                      diagnose again
  whyslow fix model.onnx -o fast/                    try the remedies
  whyslow lint quantized.onnx                        why int8 is not faster
  whyslow quantize model.onnx -o fast/ --data dir/   fewer bits where they pay
  whyslow engines                                    what else can run it here
  whyslow machine                                    this computer and its roofs

Durations: 10, 10s, 2m, 500ms, 1h. Sizes: 500m, 2g, 2GiB.
Exit codes: 0 answered, 1 a bug in whyslow, 2 input or arguments cannot be used,
3 a stated goal was not met, 130 interrupted.`,

  fix: `
Examples:
  whyslow fix model.onnx -o fast/                    outputs stay equal up to rounding
  whyslow fix model.onnx -o fast/ --data ./samples --max-loss 0.01
  whyslow fix model.onnx --only thread-count,spinning --dry-run
  whyslow fix model.onnx -o fast/ --for throughput --budget 5m
  whyslow fix model.onnx -o fast/ --require 2x       exit code 3 when not reached
  whyslow fix model.onnx -o fast/ --dtype uint8 --layout nhwc --normalize imagenet

--max-loss: largest drop of the metric where labels are given, else of top-1
agreement from 1, else of the worst output's cosine from 1.`,

  lint: `
Examples:
  whyslow lint quantized.onnx                        what runs in int8, what not
  whyslow lint quantized.onnx --data inputs.npz --threads 2
  whyslow lint quantized.onnx --repair -o repaired.onnx --data ./samples
  whyslow lint quantized.onnx --json lint.json       also as a document`,

  compare: `
Examples:
  whyslow compare model.onnx                         every engine that is here
  whyslow compare model.onnx --engines ort-cpu --batch 1,8,32
  whyslow compare a.onnx b.onnx c.onnx --data labelled.npz
  whyslow compare a.onnx b.onnx --json comparison.json

Contestants take turns in fresh processes. One that fails is a row with the
reason; the others are still measured.`,

  quantize: `
Examples:
  whyslow quantize model.onnx -o fast/ --data ./samples
  whyslow quantize model.onnx -o fast.onnx --method dynamic
  whyslow quantize model.onnx -o fast/ --method weights --bits 4
  whyslow quantize model.onnx -o fast/ --data labelled.npz --max-loss 0.01

Without --max-loss: one decision in a hundred may change, and no output's
cosine falls below 0.995; with labels the metric may lose 0.01.`,

  check: `
Examples:
  whyslow check model.onnx --baseline base.onnx --fail-above 1.1
  whyslow check model.onnx --against report.json --allow-other-machine

Exit code 3 where the interval of the ratio lies above --fail-above. A baseline
model takes turns with the other; a report is of this machine, or it is refused.`,

  history: `
Examples:
  whyslow model.onnx --save                          keep what was measured
  whyslow history                                    every model
  whyslow history model.onnx                         one, with a plot
  whyslow history --json -                           as JSON`,

  explain: `
Examples:
  whyslow model.onnx --save-evidence evidence.json   where it is slow
  whyslow explain evidence.json                      anywhere, with no engine
  whyslow explain evidence.json --json -             as a report document`,

  machine: `
Examples:
  whyslow machine                                    from the cache, if known
  whyslow machine --refresh --threads 4              measured again, 4 threads
  whyslow machine --json -                           as JSON`,
}
