import { VERSION } from "../lib/version.ts";

const args = process.argv.slice(2);

// A reader that has seen enough, such as `head`, closes the pipe; that is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}

// Asking for the version loads nothing else: it is what scripts call to see whether the command is there.
if (args.length === 1 && ["--version", "-V", "version"].includes(args[0] ?? "")) {
  process.stdout.write(`${VERSION}\n`);
} else {
  const { run } = await import("./program.ts");
  process.exitCode = await run(args);
}
