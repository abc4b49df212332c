// The flags of all commands: those of each product, and those that belong to none.

import { flags as code } from '@whyslow/code/command/flags.ts'
import { type FlagsIn, flag, optionsIn, ownFlag } from '@whyslow/command/terminal/flags/flag.ts'
import * as parse from '@whyslow/command/terminal/flags/option-values.ts'
import * as row from '@whyslow/command/terminal/flags/rows.ts'
import { flags as fleet } from '@whyslow/fleet/command/flags.ts'
import { flags as generation } from '@whyslow/generation/command/flags.ts'
import { flags as model } from '@whyslow/model/command/flags.ts'
import { flags as serving } from '@whyslow/serving/command/flags.ts'

export const flags = {
  why: model.why,
  fix: model.fix,
  lint: model.lint,
  compare: model.compare,
  pipeline: code.pipeline,
  watch: code.watch,
  ab: code.ab,
  generate: generation.generate,
  embed: generation.embed,
  quantize: model.quantize,
  convert: model.convert,
  distill: model.distill,
  load: serving.load,
  serve: serving.serve,
  check: model.check,
  history: fleet.history,
  explain: [
    flag('--latency <duration>', 'for a trace: the latency without a profiler, to turn shares into times', parse.milliseconds, {
      name: 'latencyMs',
    }),
    ownFlag(flag('--machine <file>', 'for a trace: what whyslow doctor --json wrote on its machine, for lower bounds of times')),
    ownFlag(flag('--model <file>', 'for a trace: the model that was recorded, to join its nodes with the operators')),
    ownFlag(flag('--here <file>', 'with --model: what whyslow MODEL --json wrote on this machine, to compare with')),
    row.roofline('for evidence: '),
    ...row.report,
    ...row.verbose,
  ],
  view: [
    flag('--port <n>', 'port to listen on', parse.positiveInteger, { usual: 'one that is free' }),
    ownFlag(flag('--no-open', 'open no browser')),
    ...row.verbose,
  ],
  fleet: fleet.fleet,
  agent: fleet.agent,
  study: fleet.study,
  foretell: fleet.foretell,
  doctor: [
    ...row.jsonAlone('what was found'),
    row.refresh,
    row.threads('threads with which the peaks are measured'),
    ...row.places,
    row.lock,
    row.progress,
    ...row.verbose,
  ],
  demo: [
    flag('-o, --out <dir>', 'keep the model and what fix writes in this folder', undefined, { usual: 'nothing is kept' }),
    row.progress,
    ...row.verbose,
  ],
  completion: [...row.verbose],
  engines: [...row.places, ...row.jsonAlone('the list'), row.progress, ...row.verbose],
  mcp: [
    flag('--root <dir>', 'folder that paths of clients are confined to (repeatable)', parse.collectValues, {
      usual: "the client's roots, else the current folder",
    }),
    ...row.places,
    ...row.verbose,
  ],
  machine: [
    row.refresh,
    row.threads('threads with which the peaks are measured'),
    row.ort('folder of the onnxruntime-node package whose kernels are used'),
    ...row.jsonAlone('the machine'),
    row.lock,
    row.progress,
    ...row.verbose,
  ],
}

export type CommandName = keyof typeof flags

/** The flags of a command, parsed. */
export type FlagsOf<Command extends CommandName> = FlagsIn<typeof flags, Command>

/** What was typed, as options of the command's stage. */
export const optionsOf = optionsIn(flags)
