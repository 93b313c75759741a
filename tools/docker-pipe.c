/* The pipe on which Docker on Windows listens, before an engine elsewhere: every connection to
 * \\.\pipe\docker_engine is one to 127.0.0.1:PORT. For tools/wine-test, which runs it under Wine.
 *
 *   docker-pipe.exe PORT READY
 *
 * READY is a file that is written once somebody may connect. */
#include <winsock2.h>
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>

#define PIPE_NAME "\\\\.\\pipe\\docker_engine"
#define AT_ONCE 65536

/* One connection. */
struct both {
    HANDLE pipe;
    SOCKET engine;
};

/* Reads or writes. Both directions go on at once, so that no call may hold the pipe; 0: it is over. */
static DWORD moved(HANDLE pipe, char *bytes, DWORD size, int writes)
{
    OVERLAPPED waiting = {0};
    DWORD count = 0;
    BOOL done;
    waiting.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    done = writes ? WriteFile(pipe, bytes, size, NULL, &waiting)
                  : ReadFile(pipe, bytes, size, NULL, &waiting);
    if (done || GetLastError() == ERROR_IO_PENDING)
        if (!GetOverlappedResult(pipe, &waiting, &count, TRUE))
            count = 0;
    CloseHandle(waiting.hEvent);
    return count;
}

static DWORD WINAPI to_engine(void *argument)
{
    struct both *both = argument;
    char *bytes = malloc(AT_ONCE);
    DWORD count;
    while (bytes && (count = moved(both->pipe, bytes, AT_ONCE, 0)) > 0) {
        char *rest = bytes;
        while (count > 0) {
            int sent = send(both->engine, rest, (int)count, 0);
            if (sent <= 0)
                break;
            rest += sent;
            count -= (DWORD)sent;
        }
    }
    shutdown(both->engine, SD_BOTH);
    free(bytes);
    return 0;
}

static DWORD WINAPI serve(void *argument)
{
    struct both *both = argument;
    HANDLE other = CreateThread(NULL, 0, to_engine, both, 0, NULL);
    char *bytes = malloc(AT_ONCE);
    int count;
    while (bytes && (count = recv(both->engine, bytes, AT_ONCE, 0)) > 0)
        if (moved(both->pipe, bytes, (DWORD)count, 1) != (DWORD)count)
            break;
    /* Who listens has yet to read what is written. */
    FlushFileBuffers(both->pipe);
    DisconnectNamedPipe(both->pipe);
    if (other) {
        WaitForSingleObject(other, INFINITE);
        CloseHandle(other);
    }
    CloseHandle(both->pipe);
    closesocket(both->engine);
    free(bytes);
    free(both);
    return 0;
}

/* Waits for a client; 0: the pipe cannot be waited on. */
static int connected(HANDLE pipe)
{
    OVERLAPPED waiting = {0};
    DWORD none;
    int fine = 1;
    waiting.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    if (!ConnectNamedPipe(pipe, &waiting)) {
        DWORD error = GetLastError();
        if (error == ERROR_IO_PENDING)
            fine = GetOverlappedResult(pipe, &waiting, &none, TRUE);
        else
            fine = error == ERROR_PIPE_CONNECTED;
    }
    CloseHandle(waiting.hEvent);
    return fine;
}

int main(int count, char **arguments)
{
    WSADATA about;
    struct sockaddr_in engine = {0};
    int told = 0;
    if (count != 3 || WSAStartup(MAKEWORD(2, 2), &about) != 0)
        return 2;
    engine.sin_family = AF_INET;
    engine.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    engine.sin_port = htons((u_short)atoi(arguments[1]));
    for (;;) {
        struct both *both = calloc(1, sizeof *both);
        if (!both)
            return 1;
        /* Messages, as Docker has them; who reads sees bytes. */
        both->pipe = CreateNamedPipeA(PIPE_NAME, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
            PIPE_TYPE_MESSAGE | PIPE_READMODE_BYTE | PIPE_WAIT, PIPE_UNLIMITED_INSTANCES, AT_ONCE,
            AT_ONCE, 0, NULL);
        if (both->pipe == INVALID_HANDLE_VALUE) {
            fprintf(stderr, "no pipe: error %lu\n", GetLastError());
            return 1;
        }
        if (!told) {
            FILE *ready = fopen(arguments[2], "w");
            if (!ready)
                return 1;
            fclose(ready);
            told = 1;
        }
        if (!connected(both->pipe))
            return 1;
        both->engine = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(both->engine, (struct sockaddr *)&engine, sizeof engine) != 0) {
            fprintf(stderr, "no engine: error %d\n", WSAGetLastError());
            closesocket(both->engine);
            CloseHandle(both->pipe);
            free(both);
            continue;
        }
        CloseHandle(CreateThread(NULL, 0, serve, both, 0, NULL));
    }
}
