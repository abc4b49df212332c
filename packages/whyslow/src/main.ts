#!/usr/bin/env node
// The whyslow command. What takes work runs in a second process of this file, so that this one is free to end it (supervise.ts).
import { endWithSupervisor, isSupervised, runsAlone, supervise } from '@whyslow/command/terminal/supervise.ts'

const argv = process.argv.slice(2)
if (isSupervised() || runsAlone(argv)) {
  if (isSupervised()) endWithSupervisor()
  const { runCommandLine } = await import('./command-line.ts')
  process.exitCode = await runCommandLine(argv)
} else supervise(argv)
