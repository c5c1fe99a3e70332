process.stderr.write('greenroom: no command is built yet\n');
process.exitCode = 1;
