/**
 * The import rule: cli, experiments → training | certification | analysis → method → torch → bridge → errors;
 * config imports errors alone. Pure files import nothing that needs Python.
 */
const only = (folder, ...targets) => ({
  name: `${folder} imports only ${targets.join(', ') || 'errors'}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: `^src/(errors\\.ts|(${[folder, ...targets].join('|')})/)` },
})

const pureFiles = [
  'analysis/.*',
  'certification/adaptive/.*',
  'files/.*',
  'certification/statistics',
  'method/noise-level',
  'method/select-images',
  'training/schedules',
  'training/parameter-groups',
  'training/(checkpoint-policy|loss-scale)',
  'training/(read-run|read-metrics|list-runs)',
]

module.exports = {
  forbidden: [
    {
      name: 'no import cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    only('config'),
    only('files'),
    only('environment'),
    only('bridge', 'environment'),
    only('torch', 'bridge'),
    only('method', 'torch', 'bridge', 'config', 'files'),
    only('training', 'method', 'torch', 'bridge', 'config', 'files'),
    only('certification', 'method', 'torch', 'bridge', 'config', 'files', 'analysis'),
    only('analysis', 'config', 'files'),
    only(
      'experiments',
      'analysis',
      'training',
      'certification',
      'method',
      'torch',
      'bridge',
      'config',
      'files',
    ),
    only('fixtures', 'analysis', 'training', 'certification', 'method', 'torch', 'bridge', 'config'),
    {
      name: 'nothing imports the command line',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'pure files do not reach Python',
      severity: 'error',
      from: { path: `^src/(${pureFiles.join('|')})\\.ts$` },
      to: { path: '^src/(bridge|torch)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'one file imports pythonia',
      severity: 'error',
      from: { pathNot: '^src/bridge/python-process\\.ts$' },
      to: { path: 'node_modules/pythonia' },
    },
    {
      name: 'package code imports package dependencies',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
    { name: 'imports resolve', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
}
