// The options by which every command that measures is told of the model, its inputs and the engine, and for how long it measures.
import { type Command, Option } from 'commander'
import { assignments, batches, memorySize, positiveInteger, seconds, shapes } from './option-values.ts'

const levels = ['disabled', 'basic', 'extended', 'all'] as const

export function addSampling(command: Command, quick: string): void {
  command.option('--seconds <duration>', 'how long to measure', seconds).option('--quick', quick)
}

export const severalBatches = () =>
  new Option('--batch <sizes>', 'samples in a prediction; several, separated by commas').argParser(batches)

const oneBatch = () => new Option('--batch <n>', 'samples in a prediction').argParser(positiveInteger)

/** What is predicted with. */
export function addInputOptions(command: Command, batch: Option = oneBatch()): void {
  command
    .option('--shape <name=1x3x224x224>', "an input's shape (repeatable)", shapes)
    .option('--value <name=v>', "an input's value (repeatable)", assignments)
    .option('--data <path>', 'inputs: npz, npy, csv, json, wav, a folder of samples or pictures, a test_data_set folder')
    .option('--labels <name>', 'the array of --data that holds the labels')
    .option('--pictures <how>', 'what the bytes of pictures become, as imagenet or bgr,mean=104/117/123')
    .addOption(batch)
}

/** Of files that have several. */
export const signatureOption = () => new Option('--signature <name>', "the one to read of a .tflite file's signatures")

/** Of commands that measure; `program.ts` acts on it. */
export const lockOption = () => new Option('--no-lock', 'measure at once, although another measurement may run on this machine')

export function addModelOptions(command: Command, batch: Option = oneBatch()): void {
  addInputOptions(command, batch)
  command
    .addOption(signatureOption())
    .option('--threads <n>', "the engine's threads", positiveInteger)
    .option('--engine <id>', 'what runs the model (default: ort-cpu)')
    .option('--ort <path>', "the engine's package to measure with")
    .option('--browser <path>', 'the Chromium that browser engines are measured in')
    .option('--openvino <path>', "the folder of OpenVINO's libraries")
    .option('--litert <path>', "the folder of LiteRT's library")
    .option('--python <path>', 'the Python whose packages engines are looked for in')
    .addOption(new Option('--graph-optimization <level>', "the engine's graph optimization").choices(levels).default('all'))
    .option('--config <key=value>', "an entry of the engine's session configuration (repeatable)", assignments)
    .option('--save-inputs <dir>', 'keep the inputs that were used')
    .option('--no-cache', 'neither read nor write the cache of roofs')
    .option('--refresh', 'measure the roofs again')
    .option('--memory-limit <size>', 'end a measurement that takes more memory', memorySize)
    .addOption(lockOption())
    .option('--no-progress', 'show no progress')
}
