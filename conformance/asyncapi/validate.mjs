#!/usr/bin/env node
// Whether the document at this address is valid AsyncAPI. Warnings are printed, errors fail.
import { DiagnosticSeverity, Parser } from "@asyncapi/parser";

const answer = await fetch(process.argv[2]);
if (!answer.ok) throw new Error(`${process.argv[2]} answered ${answer.status}`);

const { document, diagnostics } = await new Parser().parse(await answer.text());
for (const { severity, path, message } of diagnostics) {
  console.log(`${DiagnosticSeverity[severity]} at ${path.join(".") || "the top"}: ${message}`);
}
const errors = diagnostics.filter(({ severity }) => severity === DiagnosticSeverity.Error);
if (!document || errors.length > 0) {
  console.error(`FAILED ${errors.length} errors`);
  process.exit(1);
}
const messages = document.allMessages().all().length;
if (messages === 0) {
  console.error("FAILED the document describes no message");
  process.exit(1);
}
console.log(`ok AsyncAPI ${document.version()}, ${document.allOperations().all().length} operations, ${messages} messages`);
