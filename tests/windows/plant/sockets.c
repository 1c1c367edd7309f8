/*
 * Opens a listener, a connection to it and a datagram socket, all on 127.0.0.1, prints "ready" and
 * their ports (listener, client, datagram), and waits until its input ends.
 */
#include <stdio.h>
#include <winsock2.h>

static unsigned port_of(SOCKET socket_of) {
  struct sockaddr_in address;
  int size = sizeof address;
  getsockname(socket_of, (struct sockaddr *)&address, &size);
  return ntohs(address.sin_port);
}

int main(void) {
  WSADATA data;
  struct sockaddr_in any = {.sin_family = AF_INET};
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (WSAStartup(MAKEWORD(2, 2), &data) != 0) return 1;
  const SOCKET listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
  const SOCKET datagram = socket(AF_INET, SOCK_DGRAM, 0);
  if (bind(listener, (struct sockaddr *)&any, sizeof any) != 0 || listen(listener, 1) != 0 ||
      bind(datagram, (struct sockaddr *)&any, sizeof any) != 0)
    return 1;
  any.sin_port = htons((u_short)port_of(listener));
  if (connect(client, (struct sockaddr *)&any, sizeof any) != 0) return 1;
  printf("ready %u %u %u\n", port_of(listener), port_of(client), port_of(datagram));
  fflush(stdout);
  while (getchar() != EOF) continue;
  return 0;
}
