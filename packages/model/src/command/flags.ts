// Flags of the commands on one model, in the order of their help; rows that several commands share are in terminal/flags/rows.ts.

import {
  type Flag,
  type FlagsIn,
  flag,
  inGroup,
  oneOf,
  optionsIn,
  ownFlag,
  showOnly,
} from '@whyslow/command/terminal/flags/flag.ts'
import * as parse from '@whyslow/command/terminal/flags/option-values.ts'
import * as row from '@whyslow/command/terminal/flags/rows.ts'
import { calibrationMethods, goals, precisionMethods } from '../commands/choices.ts'

const bits = Object.assign((text: string) => Number(oneOf(['8', '4'])(text)) as 8 | 4, { choices: ['8', '4'] })
/** `slo` is what --slo says by itself. */
const goal = Object.assign((text: string) => (text === 'slo' ? text : oneOf(goals)(text)), { choices: goals })
/** A module of the user's, which scores what a generator answers. */
type MetricModule = `${string}.${'cjs' | 'js' | 'mjs'}`
export const isModule = (text: string): text is MetricModule => /\.[cm]?js$/.test(text)
const metric = Object.assign((text: string) => (isModule(text) ? text : row.metricName(text)), {
  choices: row.metricName.choices,
})
const image = <F extends Flag>(flags: readonly F[]) => inGroup('inputs', flags)

const shipEngines = flag('--ship-engines <ids>', 'engines that may be shipped, separated by commas', parse.list, {
  name: 'engines',
  formerly: ['--engines'],
  usual: 'all that are installed',
  completes: 'engines',
})

export const flags = {
  why: showOnly(
    ['quick', 'duration', 'open', 'shape', 'data', 'batch', 'engine', 'threads', ...row.DOCUMENT, 'quiet'],
    [
      ...row.sampling('three processes instead of five, no sweeps'),
      row.open,
      row.save('the result'),
      ownFlag(flag('--save-evidence <file>', 'keep what was measured, for whyslow explain')),
      ownFlag(flag('--save-trace <file>', 'keep the profile as a trace that Perfetto and speedscope open')),
      ...row.model,
      ...row.report,
      row.roofline(),
    ],
  ),
  fix: showOnly(
    ['out', 'for', 'slo', 'maxLoss', 'budget', 'require', 'dryRun', 'shape', 'data', ...row.DOCUMENT],
    [
      ...row.outputFlags('-o, --out <dir>', 'folder to write', "replace a folder that is not whyslow's", 'MODEL-fast/'),
      ownFlag(flag('--for <goal>', 'what to improve', goal, { usual: 'latency; with --slo that objective' })),
      flag('--slo <objective>', "what the server must hold under load, as in 'p99<20ms'"),
      row.budget(
        'how long to search; with --slo, tuning the server takes four times as long in addition',
        '75s, more for slow models',
      ),
      row.maxLoss('allow approximate remedies up to this loss', 'outputs stay equal up to rounding'),
      ownFlag(
        flag('--metric <name>', 'how labelled --data is scored, or the module that scores what a generator answers', metric, {
          usual: 'chosen by the labels; perplexity',
        }),
      ),
      row.requires,
      flag('--only <ids>', 'remedies to try, separated by commas', parse.list, { usual: 'all that fit', completes: 'remedies' }),
      shipEngines,
      flag('--dry-run', 'list what would be tried; try nothing'),
      flag('--fix-shapes', 'symbolic dimensions may be fixed to the shapes used'),
      flag('--outputs <names>', 'the only outputs to keep, separated by commas', parse.list, { usual: 'all' }),
      ownFlag(
        flag('--prompts <file>', 'prompts to prove a text generator on: one per line, or JSON', parse.inputPath, {
          usual: 'made-up sentences',
        }),
      ),
      ownFlag(
        flag('--dtype <name>', 'which weights of a generator whose folder has several, as in q4', undefined, {
          usual: "the engine's choice",
        }),
      ),
      ownFlag(flag('--timeout <duration>', 'end a program that hangs for longer', parse.seconds, { usual: '5m' })),
      ...image([
        ownFlag(
          flag('--image-normalize <mean,std>', 'move this normalization into the model; or imagenet', undefined, {
            formerly: ['--normalize'],
          }),
        ),
        ownFlag(flag('--image-layout <nhwc>', 'images come with channels last', undefined, { formerly: ['--layout'] })),
        ownFlag(flag('--image-dtype <uint8>', 'images come as bytes')),
        ownFlag(flag('--image-size <HxW>', 'images come in this size; or free', undefined, { formerly: ['--resize'] })),
        ownFlag(
          flag('--image-input <name>', 'the input that takes the images', undefined, {
            formerly: ['--picture'],
            usual: 'the only one that can',
          }),
        ),
      ]),
      ...row.model,
      ...row.report,
    ],
  ),
  lint: showOnly(
    ['repair', 'out', 'maxLoss', 'duration', 'shape', 'data', 'engine', 'threads', ...row.DOCUMENT, 'quiet'],
    [
      ownFlag(flag('--repair', 'repair what can be repaired; keep only what is proven')),
      ownFlag(flag('-o, --out <file>', 'the repaired model to write', parse.outputPath)),
      flag('--force', 'replace a file that exists'),
      row.maxLoss('largest loss of outputs that a repair may cost', '0.01 of the decisions, a cosine of 0.995'),
      row.budget('how long to try repairs', '75s, more for slow models'),
      row.duration('how long to measure', '0.9s'),
      ...row.model,
      ...row.output('the lint document', 'the result'),
    ],
  ),
  compare: showOnly(
    ['runs', 'duration', 'quick', 'engines', 'threads', 'shape', 'data', 'batch', ...row.DOCUMENT, 'quiet'],
    [
      row.runs('fresh processes of each', '5', '3'),
      ...row.sampling('three runs instead of five, no profile, no sweeps', ['1.25s', '0.6s']),
      row.timeout('end a process that takes longer', '30s'),
      row.metric,
      row.save('the results'),
      row.engines('engines to measure one model on', 'all that are installed'),
      ...row.modelWith(row.batches, [row.engine]),
      ...row.output('the comparison document', 'the comparison'),
    ],
  ),
  quantize: showOnly(
    ['out', 'method', 'bits', 'maxLoss', 'budget', 'require', 'allowSynthetic', 'shape', 'data', ...row.DOCUMENT],
    [
      ...row.outputFlags(
        '-o, --out <path>',
        'folder to write, or name.onnx or name.tflite for the model alone',
        'replace what exists',
        'MODEL-fast/',
      ),
      ownFlag(
        flag('--method <name>', 'how to use fewer bits', oneOf([...precisionMethods, 'float16']), {
          usual: 'all that gain time',
        }),
      ),
      ownFlag(
        flag('--bits <n>', 'bits for weight-only quantization', bits, {
          usual: '8 or 4, the faster',
        }),
      ),
      ownFlag(
        flag('--calibration <name>', 'how ranges of activations are found', oneOf(calibrationMethods), {
          usual: 'minmax, and others if it loses too much',
        }),
      ),
      ownFlag(flag('--allow-synthetic', 'static int8 may take its ranges from synthetic inputs')),
      row.maxLoss('largest loss of the outputs', '0.01 of the decisions, a cosine of 0.995'),
      row.metric,
      row.budget('how long to search', '75s, more for slow models'),
      row.requires,
      shipEngines,
      ...row.model,
      ...row.report,
    ],
  ),
  convert: [
    ...row.outputFlags('-o, --out <file>', 'file to write: name.onnx, name.tflite or model.json', 'replace a file that exists'),
    flag('--allow-rounding', 'write a tabular model of doubles as float32, for engines that need it'),
    row.data('rows on which to count what rounding changes'),
    row.labels,
    row.signature,
    row.python,
    ...row.textOutput('the convert document'),
    ...row.verbose,
  ],
  distill: [
    row.data('rows, labelled if possible, that the model was not trained on'),
    row.labels,
    ...row.outputFlags(
      '-o, --out <folder>',
      'folder to write: predict.mjs, without an engine',
      "replace a folder that is not whyslow's",
    ),
    row.maxLoss('largest drop of the metric', '0.01'),
    ...row.output('the distill document', 'the result'),
    row.progress,
    ...row.verbose,
  ],
  check: showOnly(
    [
      'baseline',
      'against',
      'failAbove',
      'percentile',
      'throughput',
      'runs',
      'duration',
      'quick',
      'data',
      'json',
      'markdown',
      'quiet',
    ],
    [
      flag('--baseline <model>', 'the model to compare with; both take turns', parse.inputPath),
      flag('--against <report>', 'or the report document of an earlier run, or a store', parse.inputPath),
      flag('--fail-above <ratio>', 'fail if the model is slower than the baseline by this factor', parse.ratio, { default: 1.1 }),
      flag('--percentile <p99>', 'judge this percentile of all predictions instead of the median', parse.percentile, {
        usual: 'p50, the median of processes',
      }),
      flag('--throughput', 'judge predictions per second instead of the median'),
      row.runs('at most this many fresh processes of each', '12', '6'),
      ...row.sampling('at least three runs instead of five', ['1.25s', '0.75s']),
      flag('--allow-other-machine', 'compare with a report of another machine'),
      ...row.model,
      ...row.textOutput('the check document'),
    ],
  ),
}

/** The flags of a command, parsed. */
export type FlagsOf<Command extends keyof typeof flags> = FlagsIn<typeof flags, Command>

/** What was typed, as options of the command's stage. */
export const optionsOf = optionsIn(flags)
