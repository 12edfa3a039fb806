// Run as a process of its own: raises the same ten faults over and over. Arguments: file, rounds.
import { systemClock } from "../../../../lib/clock.ts";
import { createAlertBook } from "../../../../tools/gpu/alerts/alert-book.ts";
import { seedPolicies } from "../../../../tools/gpu/alerts/policies.ts";

const [file = "", rounds = "1"] = process.argv.slice(2);
const book = createAlertBook({ path: file, clock: systemClock, policies: seedPolicies(), channels: ["log"] });
for (let round = 0; round < Number(rounds); round += 1) {
  for (let gpu = 0; gpu < 10; gpu += 1) {
    book.raise({
      severity: "critical",
      title: "lost",
      analysis: "",
      remediationSteps: [],
      node: "node-1",
      gpu,
      rule: "xid.79",
      isSimulated: false,
    });
  }
}
book.dispose();
