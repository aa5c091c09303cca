return FaissNet.Cli.Application.Run(args);
