import { chmodSync, cpSync } from 'node:fs'
import { join } from 'node:path'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { expect, test } from 'vitest'
import { ROOT } from '../../../test/root.ts'
import { withCommandName } from './run-program.ts'

// As all files are on disks without such a bit.
const model = join(folderOfTests(), 'model.bin')
cpSync(join(ROOT, 'fixtures/models/symbolic-batch.onnx'), model)
chmodSync(model, 0o777)

test.each([
  [['--', 'node', 'server.js']],
  [['--url', 'http://localhost:3000/', '--', 'npm', 'start', '--', '--port', '3000']],
  [['--json', 'watch.json', '--', './no-such-server']],
  [['-q', '--', 'packages', 'start']],
  [['--', process.execPath]],
])('what follows the dashes is a command of the user’s: %j', (argv) => {
  expect(withCommandName(argv)).toEqual(['watch', ...argv])
})

test.each([
  [[]],
  [['model.onnx']],
  [['--quick', 'model.onnx']],
  // A model whose name may begin with a dash.
  [['--quick', '--', join(ROOT, 'package.json')]],
  [['pipeline', 'script.py', '--', '--verbose']],
  [['--']],
  [['-q', '--', model]],
  [['-q', '--', model, model]],
  [['-q', '--', ROOT]],
])('and here it is not: %j', (argv) => expect(withCommandName(argv)).toEqual(argv))
