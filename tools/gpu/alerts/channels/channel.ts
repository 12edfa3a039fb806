import type { Alert, Notification } from "../alert.ts";
import type { DeliveryOutcome } from "../outbox.ts";

export interface ChannelMessage {
  readonly alert: Alert;
  readonly notification: Notification;
  /** The same for every attempt at one notification. */
  readonly idempotencyKey: string;
}

/** A way out for notifications. */
export interface Channel {
  /** As the policies name it. */
  readonly name: string;
  /** False where the message is only written down. */
  readonly reachesPeople: boolean;
  /** Tries once and never throws: whatever goes wrong is an outcome. Ends within the channel's own time limit. */
  send(message: ChannelMessage, signal: AbortSignal): Promise<DeliveryOutcome>;
}

/** What is written or sent, the same on every channel. */
export function payloadOf({ alert, notification }: ChannelMessage) {
  return {
    type: "alert.notification" as const,
    notification: {
      id: notification.id,
      recipient: notification.recipient,
      step: notification.step,
      attempt: notification.attempts,
    },
    alert,
  };
}
