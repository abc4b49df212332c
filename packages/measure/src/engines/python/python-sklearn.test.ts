import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { expect, test } from 'vitest'
import { availabilityHere, needsEngine } from '../../../test/support/engines/check-engine.ts'
import { checkRows } from '../../../test/support/engines/check-rows.ts'
import { plainOptions } from '../../../test/support/engines/example-options.ts'
import { folderOfTests } from '../../../test/support/trials/example-folder.ts'
import { pythonSklearn } from './python-sklearn.ts'

const SAVED = `
import sys, numpy, skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
rows = numpy.random.default_rng(0).normal(size=(200, 6))
classes = (rows[:, 0] > rows[:, 1]).astype(int)
for name, model in (('forest', RandomForestClassifier(5, random_state=0)), ('scaled', make_pipeline(StandardScaler(), LogisticRegression()))):
    skops.io.dump(model.fit(rows, classes), sys.argv[1] + '/' + name + '.skops')
`
const OLDER = path.resolve(import.meta.dirname, '../../../../../fixtures/formats/skops/1.3-random-forest.skops')
const SLOW_MS = 120_000

const availability = await availabilityHere(pythonSklearn)
const folder = folderOfTests()
if (availability.ok) spawnSync(availability.from, ['-c', SAVED, folder])

checkRows({
  engine: pythonSklearn,
  availability,
  files: ['forest.skops', 'scaled.skops'].map((name) => path.join(folder, name)),
  output: 'prediction',
  configurations: [{}, { row: 'dataframe' }, { call: 'unchecked' }],
})

test.skipIf(!availability.ok)(
  'a file of another version of scikit-learn is refused: it may predict something else',
  { timeout: SLOW_MS, ...needsEngine(availability) },
  async () => {
    await expect(pythonSklearn.open(OLDER, plainOptions)).rejects.toThrow(
      /it was saved by scikit-learn 1\.\S+, and this Python has/,
    )
  },
)
