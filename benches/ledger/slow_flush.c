/* Makes each fdatasync and fsync take SLOW_FLUSH_US microseconds longer, as a slower device would: LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

static void wait_longer(void)
{
	static long micros = -1;
	struct timespec t;

	if (micros < 0)
	{
		const char *text = getenv("SLOW_FLUSH_US");

		micros = text ? atol(text) : 0;
		/* Without slack the kernel wakes the process when asked, as an interrupt of a device would. */
		prctl(PR_SET_TIMERSLACK, 1L);
	}
	t.tv_sec = micros / 1000000;
	t.tv_nsec = (micros % 1000000) * 1000;
	nanosleep(&t, NULL);
}

int fdatasync(int file)
{
	int (*real)(int) = (int (*)(int)) dlsym(RTLD_NEXT, "fdatasync");

	wait_longer();
	return real(file);
}

int fsync(int file)
{
	int (*real)(int) = (int (*)(int)) dlsym(RTLD_NEXT, "fsync");

	wait_longer();
	return real(file);
}
