// What people type before they know whyslow: each wrong guess costs one line that holds what to type instead, and measures nothing.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { describe, expect, test } from 'vitest'
import { typed } from '../../test/support/example-command-line.ts'

const folder = folderOfTests()
const place = (name: string) => path.join(folder, name)
const fixture = (name: string) => path.resolve(import.meta.dirname, '../../../../fixtures', name)
const MODEL = readFileSync(fixture('models/credit_mlp.onnx'))
for (const name of ['model.onnx', 'b.onnx']) writeFileSync(place(name), MODEL)
cpSync(fixture('traces/torch-clean.json.gz'), place('trace.json.gz'))
cpSync(fixture('reports/cnn.json'), place('report.json'))
writeFileSync(place('service.py'), 'def predict(x):\n    return x\n')
writeFileSync(place('rows.csv'), 'a,b\n1,2\n')
writeFileSync(place('model.onnx.gz'), gzipSync(MODEL))
writeFileSync(place('empty.onnx'), '')
writeFileSync(place('notes.md'), '# Notes\n')
writeFileSync(place('model.json'), '{"weights": [1]}')
writeFileSync(place('machine.json'), '{"cpu": "x", "usableCpus": 2, "roofs": []}')
writeFileSync(place('model.pt'), Buffer.from('PK\u0003\u0004aaaaaaaaaaaaaaaaaaaaaaaaaamodel/data.pkl'))
writeFileSync(place('old.pt'), Buffer.from([0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc]))
writeFileSync(place('model.pkl'), Buffer.from([0x80, 0x04, 0x95, 0x10]))
writeFileSync(place('model.safetensors'), Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{"a": 1}')]))
writeFileSync(place('model.gguf'), 'GGUF\u0003\0\0\0')
writeFileSync(place('model.engine'), 'ftrt\0\0\0\0')
writeFileSync(place('model.mlmodel'), Buffer.from([0x08, 0x01, 0x12, 0x05, 0x0a]))
writeFileSync(place('frozen.pb'), Buffer.from('\u000a\u0010\u000a\u0001xPlaceholder dtype shape', 'latin1'))
writeFileSync(place('model.xml'), '<?xml version="1.0"?><net name="m"></net>')
writeFileSync(place('pointer.onnx'), 'version https://git-lfs.github.com/spec/v1\noid sha256:00\n')
writeFileSync(place('page.onnx'), '<!doctype html><html></html>')
writeFileSync(place('notebook.ipynb'), '{"cells": []}')
writeFileSync(place('server.js'), 'require("node:http")\n')
for (const name of ['package.json', 'index.html', 'config.pbtxt']) writeFileSync(place(name), 'name: "x"\n')
writeFileSync(place('cat.png'), Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))
for (const name of ['saved', 'exported/onnx', 'empty', 'models']) mkdirSync(place(name), { recursive: true })
writeFileSync(place('saved/saved_model.pb'), Buffer.from([0x08, 0x01, 0x12]))
writeFileSync(place('exported/onnx/model_quantized.onnx'), MODEL)
for (const name of ['exported/onnx/model_fp16.onnx', 'models/resnet.onnx', 'models/vgg.onnx']) writeFileSync(place(name), MODEL)

/** Words that begin with @ are files of the folder, also after '--flag='. */
const wordsOf = (line: string) =>
  line
    .split(' ')
    .filter(Boolean)
    .map((word) => word.replace(/^(--[\w-]+=)?@/, (_, flag = '') => `${flag}${folder}/`))
const short = (text: string) => text.replaceAll(`${folder}/`, '').replaceAll(folder, '.')

const COMMANDS: [typed: string, holds: string][] = [
  ['--json @model.onnx --quick', '--json model.onnx: this flag takes the file to write; try: whyslow model.onnx --quick --json'],
  ['fix --html @model.onnx -o fast', 'try: whyslow fix model.onnx -o fast --html'],
  ['@\u001b[31m.onnx', ' [31m.onnx: no such file'],
  ['bench @model.onnx', "unknown command 'bench'; try: whyslow model.onnx"],
  ['benchmark @model.onnx', 'try: whyslow model.onnx'],
  ['profile @model.onnx --threads 2', 'try: whyslow model.onnx --threads 2'],
  ['measure @model.onnx', 'try: whyslow model.onnx'],
  ['run @model.onnx', 'try: whyslow model.onnx'],
  ['latency @model.onnx', 'try: whyslow model.onnx'],
  ['analyze', 'try: whyslow model.onnx'],
  ['diagnose @model.onnx', 'try: whyslow model.onnx'],
  ['inspect @model.onnx', 'try: whyslow model.onnx'],
  ['Bench @model.onnx', 'try: whyslow model.onnx'],
  ['--quick bench @model.onnx', 'try: whyslow --quick model.onnx'],
  ['optimize @model.onnx', 'try: whyslow fix model.onnx -o fast/'],
  ['optimise @model.onnx -o out/', 'try: whyslow fix model.onnx -o out/'],
  ['optmize @model.onnx', 'try: whyslow fix model.onnx -o fast/'],
  ['speedup @model.onnx', 'try: whyslow fix model.onnx -o fast/'],
  ['tune @model.onnx', 'try: whyslow fix model.onnx -o fast/'],
  ['simplify @model.onnx', 'try: whyslow fix model.onnx -o fast/'],
  ['repair @model.onnx', 'try: whyslow fix model.onnx -o fast/'],
  ['int8 @model.onnx', 'try: whyslow quantize model.onnx -o fast/'],
  ['quantise @model.onnx', 'try: whyslow quantize model.onnx -o fast/'],
  ['export @model.onnx', 'try: whyslow convert model.onnx -o out.onnx'],
  ['diff @model.onnx @b.onnx', 'try: whyslow compare model.onnx b.onnx'],
  ['vs @model.onnx @b.onnx', 'try: whyslow compare model.onnx b.onnx'],
  ['trace @trace.json.gz', 'try: whyslow explain trace.json.gz'],
  ['explian @trace.json.gz', 'try: whyslow explain trace.json.gz'],
  ['open @report.json', 'try: whyslow view report.json'],
  ['deploy @model.onnx', 'try: whyslow serve model.onnx'],
  ['server @model.onnx', 'try: whyslow serve model.onnx'],
  ['loadtest http://127.0.0.1:1/predict', 'try: whyslow load http://127.0.0.1:1/predict'],
  ['throughput @model.onnx', 'try: whyslow load model.onnx'],
  ['regression @model.onnx --baseline @b.onnx', 'try: whyslow check model.onnx --baseline b.onnx'],
  ['info', 'try: whyslow doctor'],
  ['env', 'try: whyslow doctor'],
  ['gpu', 'try: whyslow doctor'],
  ['docter', 'try: whyslow doctor'],
  ['example', 'try: whyslow demo'],
  ['worker --queue redis://h', 'try: whyslow fleet worker --queue redis://h'],
  ['fleet wroker', 'did you mean fleet worker?'],
  ['distil @model.onnx', 'try: whyslow distill model.onnx'],
  ['@model.onnx fix', 'try: whyslow fix model.onnx -o fast/'],
  ['@model.onnx optimize', 'try: whyslow fix model.onnx -o fast/'],
  ['node @server.js', 'try: whyslow pipeline server.js, or for a server: whyslow -- node '],
  ['python @service.py --port 1', 'try: whyslow pipeline service.py --port 1, or for a server: whyslow -- python '],
  ['python -m uvicorn app:app', 'try: whyslow -- python -m uvicorn app:app'],
  ['uvicorn app:app', 'try: whyslow -- uvicorn app:app'],
  ['npm start', 'try: whyslow -- npm start'],
  ['node --eval go()', "try: whyslow -- node --eval 'go()'"],
  ['gunicorn app:app', 'try: whyslow -- gunicorn app:app'],
  ['@service:app', 'its server: whyslow -- uvicorn service:app, or its functions: whyslow service.py'],
  ['localhost:8000/predict', 'try: whyslow http://localhost:8000/predict'],
  ['127.0.0.1:8000', 'try: whyslow http://127.0.0.1:8000'],
  ['install', 'try: whyslow doctor'],
  ['init', 'try: whyslow doctor'],
  ['chat @model.gguf', 'try: whyslow generate model.gguf'],
  ['doctor @model.onnx', 'doctor takes no arguments; try: whyslow model.onnx'],
  ['demo @model.onnx', 'demo takes no arguments; try: whyslow model.onnx'],
  ['completion powershell', "shell cannot be 'powershell': give one of bash, zsh, fish"],
  ['check @model.onnx @b.onnx', 'try: whyslow check model.onnx --baseline b.onnx'],
  ['fix @model.onnx out/', 'try: whyslow fix model.onnx -o out/'],
  ['convert @model.onnx out.tflite', 'try: whyslow convert model.onnx -o out.tflite'],
  ['http://127.0.0.1:1/v1/chat/completions', 'generates text; try: whyslow generate http://127.0.0.1:1/v1/chat/completions'],
  ['gobbledegook', 'no such command; whyslow --help lists the commands'],
]

const FLAGS: typeof COMMANDS = [
  ['@model.onnx --iterations 100', 'not for a number of runs; try: whyslow model.onnx --duration 10s'],
  ['@model.onnx -n 100', 'try: whyslow model.onnx --duration 10s'],
  ['--runs=50 @model.onnx', 'try: whyslow --duration 10s model.onnx'],
  ['@model.onnx --warmup 10', 'whyslow warms up by itself; try: whyslow model.onnx'],
  ['@model.onnx --batch-size 8', 'try: whyslow model.onnx --batch 8'],
  ['@model.onnx -b 8', 'try: whyslow model.onnx --batch 8'],
  ['@model.onnx --batch-size=8', 'try: whyslow model.onnx --batch 8'],
  ['--model @model.onnx', 'the model needs no flag; try: whyslow model.onnx'],
  ['--onnx=@model.onnx', 'the model needs no flag; try: whyslow model.onnx'],
  ['-i @model.onnx', 'the model needs no flag; try: whyslow model.onnx'],
  ['@model.onnx --gpu', 'whyslow doctor lists the engines'],
  ['@model.onnx --gpu', 'try: whyslow model.onnx --engine ort-cuda'],
  ['@model.onnx --provider cuda', 'try: whyslow model.onnx --engine ort-cpu'],
  ['@model.onnx --num-threads 4', 'try: whyslow model.onnx --threads 4'],
  ['@model.onnx -t 4', 'try: whyslow model.onnx --duration 4'],
  ['@model.onnx --input-shape x=1x3', 'try: whyslow model.onnx --shape x=1x3'],
  ['@model.onnx --inputs @rows.csv', 'try: whyslow model.onnx --data rows.csv'],
  ['@model.onnx --int8', 'try: whyslow quantize model.onnx -o fast/'],
  ['@model.onnx --fp16', 'try: whyslow quantize model.onnx -o fast/ --method float16'],
  ['@model.onnx --optimize', 'try: whyslow fix model.onnx -o fast/'],
  ['@model.onnx --output @out.json', 'try: whyslow model.onnx --json out.json'],
  ['@model.onnx --fast', 'try: whyslow model.onnx --quick'],
  ['@model.onnx --silent', 'try: whyslow model.onnx --quiet'],
  ['--ver', 'try: whyslow --version'],
  ['load http://127.0.0.1:1/ --connections 8', 'try: whyslow load http://127.0.0.1:1/ --concurrency 8'],
  ['load http://127.0.0.1:1/ --qps 100', 'try: whyslow load http://127.0.0.1:1/ --rate 100'],
  ['@model.onnx --thraeds 2', "unknown option '--thraeds'; did you mean --threads?"],
  ['fix @model.onnx --iterations 9', 'try: whyslow fix model.onnx'],
  ['fix @model.onnx --quick', 'try: whyslow fix model.onnx --budget 20s'],
  ['@model.onnx --engine cuda', 'did you mean ort-cuda?'],
  ['@model.onnx --engine onnxruntime', 'did you mean ort-cpu?'],
  ['compare @model.onnx --engines tensorrt', 'did you mean ort-tensorrt?'],
  ['@model.onnx --format html', 'try: whyslow model.onnx --html'],
  ['@model.onnx --format=html', 'try: whyslow model.onnx --html'],
  ['@model.onnx --verbose=2', '--verbose takes no value'],
  ['@model.onnx --list-engines', 'try: whyslow doctor'],
  ['@model.onnx --flamegraph', 'try: whyslow model.onnx --save-trace trace.json'],
  ['load @model.onnx --p99 20ms', "try: whyslow load model.onnx --slo 'p99<20ms'"],
  ['check @model.onnx --baseline @b.onnx --threshold 1.2', '--fail-above 1.2'],
  ['pipeline @service.py --function handler', 'try: whyslow pipeline service.py --call handler'],
  ['generate @model.gguf --prompt hello', 'try: whyslow generate model.gguf --prompts prompts.txt'],
  ['generate @model.gguf --max-tokens 100', 'did you mean --new-tokens?'],
  ['serve @model.onnx -p 8000', 'try: whyslow serve model.onnx --port 8000'],
  ['@model.onnx --slo p99<20ms', "load has it; try: whyslow load model.onnx --slo 'p99<20ms'"],
  ['@model.onnx --p99 20ms', "try: whyslow load model.onnx --slo 'p99<20ms'"],
  ['@model.onnx --rate 50', 'load has it; try: whyslow load model.onnx --rate 50'],
  ['@model.onnx --port 8000', 'try: whyslow serve model.onnx --port 8000'],
  ['@model.onnx --baseline @b.onnx', 'check has it; try: whyslow check model.onnx --baseline b.onnx'],
  ['@model.onnx --max-loss 0.01', 'fix has it; try: whyslow fix model.onnx --max-loss 0.01'],
  ['fix @model.onnx --rate 50', 'load has it; try: whyslow load model.onnx --rate 50'],
  ['@model.onnx --int4', 'try: whyslow quantize model.onnx -o fast/ --method weights --bits 4'],
  ['convert @model.onnx --to tflite', 'try: whyslow convert model.onnx --out out.tflite'],
]

const FILES: typeof COMMANDS = [
  ['@modle.onnx', 'modle.onnx: no such file; did you mean model.onnx?'],
  ['@models\\resnet.onnx', 'did you mean models/resnet.onnx?'],
  ['@model', 'did you mean model.onnx?'],
  ['nowhere.onnx', 'no such file; give the path of a model, as in: whyslow model.onnx'],
  ['@model.pt', 'write model.py with `def model(): ...`'],
  ['@old.pt', 'write model.py with `def model(): ...`'],
  ['@model.pkl', "skops.io.dump(model, 'model.skops')"],
  ['@model.safetensors', 'export the model that uses them to ONNX'],
  ['@model.gguf', 'is cut off or damaged'],
  ['@model.engine', 'a TensorRT engine; give the ONNX model that it was built from'],
  ['@model.mlmodel', 'give the ONNX original'],
  ['@frozen.pb', 'python -m tf2onnx.convert --graphdef'],
  ['@model.xml', 'an OpenVINO model; give the ONNX original'],
  ['@saved', 'python -m tf2onnx.convert --saved-model'],
  ['@exported', 'name the model in it: exported/onnx/model_fp16.onnx, exported/onnx/model_quantized.onnx'],
  ['@empty', 'a directory without a model'],
  ['@models', 'name the model in it: models/resnet.onnx, models/vgg.onnx'],
  ['@model.onnx.gz', 'unpack it: gunzip model.onnx.gz'],
  ['@empty.onnx', 'is empty; download or copy it again'],
  ['@pointer.onnx', 'git lfs pull'],
  ['@page.onnx', 'a web page, not a model'],
  ['@notes.md', 'give a model: .onnx'],
  ['@model.json', 'is a JSON file; give a model'],
  ['@machine.json', 'whyslow fleet estimate model.onnx --machine machine.json'],
  ['@rows.csv', 'try: whyslow model.onnx --data rows.csv'],
  ['@cat.png', 'try: whyslow model.onnx --data cat.png'],
  ['@model.onnx @rows.csv', 'try: whyslow model.onnx --data rows.csv'],
  ['@trace.json.gz @model.onnx', 'try: whyslow explain trace.json.gz --model model.onnx'],
  ['@model.onnx @report.json', 'try: whyslow check model.onnx --against report.json'],
  ['@model.onnx @trace.json.gz', 'try: whyslow explain trace.json.gz --model model.onnx'],
  ['@report.json @trace.json.gz', 'give one, or several of a kind; try: whyslow report.json'],
  ['@model.onnx @modle.onnx', 'no such file; did you mean model.onnx?'],
  ['http://127.0.0.1:1/a http://127.0.0.1:1/b', 'load takes one address; try: whyslow load http://127.0.0.1:1/a'],
  ['@package.json', 'whyslow -- npm start'],
  ['@index.html', 'give the model that it loads (.onnx, model.json, .tflite), or your code'],
  ['@config.pbtxt', 'a Triton server configuration, not a model; give the model in the folder next to it'],
  ['@notebook.ipynb', 'a Jupyter notebook; measure a cell in it with %%whyslow'],
  ['HuggingFaceTB/SmolLM2-135M', 'whyslow downloads no models: get it first (hf download'],
  ['hf://org/model', 'whyslow downloads no models'],
  ['generate org/model', 'give the path of a model: whyslow downloads none'],
  ['generate @notes.md', 'for anything else: whyslow notes.md'],
  ['fix', 'as in: whyslow fix model.onnx -o fast/'],
  ['compare', 'as in: whyslow compare model.onnx'],
  ['fix @service.py', 'name a function that takes a sample: whyslow fix service.py:predict --data samples.json -o fast/'],
  ['compare @report.json', "a document of whyslow; show it with 'whyslow view'"],
  ['@report.json @report.json @report.json', 'more at once: whyslow fleet report report.json report.json report.json'],
  ['fix @modle.onnx', 'no such file; did you mean model.onnx?'],
  ['fix @model.onnx @b.onnx', 'whyslow fix takes one model'],
  ['lint @model.onnx -o @x.onnx', 'to repair: whyslow fix MODEL -o x.onnx'],
]

describe.each([
  ['commands', COMMANDS],
  ['flags', FLAGS],
  ['files', FILES],
])('wrong %s', (_, guesses) => {
  test.each(guesses)('whyslow %s', async (line, holds) => {
    const { exitCode, printed, said } = await typed(wordsOf(line))
    expect([exitCode, printed], said).toEqual([2, ''])
    expect(said).toMatch(/^whyslow: [^\n]+\n$/)
    expect(short(said)).toContain(holds)
  })
})
